package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaHostRegister;
import static org.bytedeco.cuda.global.cudart.cudaHostRegisterDefault;
import static org.bytedeco.cuda.global.cudart.cudaHostUnregister;

import java.nio.ByteBuffer;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.Pointer;
import ringattention.device.Memory;

/**
 * Page-locked host memory: the GPU copies to and from it without the host's help. Pages are made by
 * many threads before they are locked, since the driver would make them one after the other; they
 * are large ones where malloc asks for these (bin/ringattention).
 */
final class PinnedMemory implements Memory {
  private static final int OUT_OF_MEMORY = 2; // cudaErrorMemoryAllocation
  private static final int PAGE = 4096;
  private static final int PIECE = 64 << 20; // of one thread at a time

  private final Pointer allocation;
  private final long address;
  private final long bytes;
  private final Runnable onClose;
  private boolean closed;

  /**
   * @param onClose told once, before the memory is freed
   * @throws OutOfMemoryError if the host does not have or cannot lock so much
   */
  PinnedMemory(long bytes, Runnable onClose) {
    this.bytes = bytes;
    this.onClose = onClose;
    this.allocation = Pointer.malloc(Math.addExact(bytes, 2 * PAGE));
    if (allocation == null || allocation.isNull()) {
      throw new OutOfMemoryError("the host has no " + bytes + " bytes");
    }
    this.address = (allocation.address() + PAGE - 1) / PAGE * PAGE;
    makePages();
    int status =
        cudaHostRegister(Cuda.address(address), Math.max(PAGE, bytes), cudaHostRegisterDefault);
    if (status != 0) {
      Pointer.free(allocation);
    }
    if (status == OUT_OF_MEMORY) {
      throw new OutOfMemoryError("the host cannot lock " + bytes + " bytes of memory");
    }
    Cuda.check(status, "pinned host memory of " + bytes + " bytes");
  }

  private void makePages() {
    LongStream.range(0, (bytes + PIECE - 1) / PIECE)
        .parallel()
        .forEach(
            piece -> {
              long from = piece * PIECE;
              ByteBuffer window = buffer(from, (int) Math.min(PIECE, bytes - from));
              for (int page = 0; page < window.limit(); page += PAGE) {
                window.put(page, (byte) 0);
              }
            });
  }

  @Override
  public long address() {
    if (closed) {
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
    if (!closed) {
      closed = true;
      onClose.run();
      Cuda.check(cudaHostUnregister(Cuda.address(address)), "free");
      Pointer.free(allocation);
    }
  }
}
