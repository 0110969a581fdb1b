package ringattention.device;

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
  public void close() {
    if (allocation != null) {
      Pointer.free(allocation);
      allocation = null;
      onClose.run();
    }
  }
}
