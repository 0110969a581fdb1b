package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaFreeHost;
import static org.bytedeco.cuda.global.cudart.cudaHostAlloc;
import static org.bytedeco.cuda.global.cudart.cudaHostAllocDefault;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import ringattention.device.Memory;

/** Page-locked host memory: the GPU copies to and from it without the host's help. */
final class PinnedMemory implements Memory {
  private static final int OUT_OF_MEMORY = 2; // cudaErrorMemoryAllocation

  private final Pointer allocation;
  private final long bytes;
  private final Runnable onClose;
  private boolean closed;

  /**
   * @param onClose told once, before the memory is freed
   * @throws OutOfMemoryError if the host cannot lock so much
   */
  PinnedMemory(long bytes, Runnable onClose) {
    this.bytes = bytes;
    this.onClose = onClose;
    try (PointerPointer<Pointer> result = new PointerPointer<>(1)) {
      int status = cudaHostAlloc(result, Math.max(1, bytes), cudaHostAllocDefault);
      if (status == OUT_OF_MEMORY) {
        throw new OutOfMemoryError("the host cannot lock " + bytes + " bytes of memory");
      }
      Cuda.check(status, "pinned host memory of " + bytes + " bytes");
      this.allocation = result.get(Pointer.class, 0);
    }
  }

  @Override
  public long address() {
    if (closed) {
      throw new IllegalStateException("memory is closed");
    }
    return allocation.address();
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
      Cuda.check(cudaFreeHost(allocation), "free");
    }
  }
}
