package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMemGetInfo;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import ringattention.device.Memory;

/** Plain device memory, as CUDA-aware MPI wants it. */
final class CudaMemory implements Memory {
  private static final int OUT_OF_MEMORY = 2; // cudaErrorMemoryAllocation

  private final long address;
  private final long bytes;
  private final Runnable onClose;
  private boolean closed;

  /**
   * @param onClose told once, before the memory is freed
   * @throws OutOfMemoryError if the device has no such block free; the message says what it has
   */
  CudaMemory(long bytes, Runnable onClose) {
    this.bytes = bytes;
    this.onClose = onClose;
    try (PointerPointer<Pointer> result = new PointerPointer<>(1)) {
      int status = cudaMalloc(result, Math.max(1, bytes));
      if (status == OUT_OF_MEMORY) {
        throw new OutOfMemoryError(
            "the GPU has no " + bytes + " bytes: " + freeBytes() + " bytes are free");
      }
      Cuda.check(status, "allocation of " + bytes + " bytes");
      this.address = result.get(Pointer.class, 0).address();
    }
  }

  /** Bytes no process holds on the current device. */
  static long freeBytes() {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      Cuda.check(cudaMemGetInfo(free, total), "free memory");
      return free.get();
    }
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
      Cuda.check(cudaFree(Cuda.address(address)), "free");
    }
  }
}
