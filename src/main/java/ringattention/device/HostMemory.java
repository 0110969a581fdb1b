package ringattention.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** An allocation in the host's native memory, aligned to a cache line. */
final class HostMemory implements Memory {
  private static final long ALIGNMENT = 64;

  private final long address;
  private final long bytes;
  private final Runnable onClose;
  private Pointer allocation; // null once closed

  /**
   * @param onClose told once, when the memory is freed
   */
  HostMemory(long bytes, Runnable onClose) {
    this.allocation = Pointer.malloc(Math.addExact(bytes, ALIGNMENT));
    if (allocation == null || allocation.isNull()) {
      throw new OutOfMemoryError("the host has no " + bytes + " bytes");
    }
    this.address = (allocation.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    this.bytes = bytes;
    this.onClose = onClose;
  }

  @Override
  public long address() {
    if (allocation == null) {
      throw new IllegalStateException("memory is closed");
    }
    return address;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public ByteBuffer buffer(long offset, int length) {
    ByteBuffer window = new Window(address(), offset, length).asByteBuffer();
    return window.order(ByteOrder.nativeOrder()).limit(length); // JavaCPP takes a limit of 0 for 1
  }

  @Override
  public void close() {
    if (allocation != null) {
      Pointer.free(allocation);
      allocation = null;
      onClose.run();
    }
  }

  /** A range of memory owned by somebody else. */
  private static final class Window extends BytePointer {
    Window(long base, long offset, int length) {
      super((Pointer) null);
      address = base + offset;
      capacity = length;
      limit = length;
    }
  }
}
