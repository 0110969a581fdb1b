package ringattention.device.cuda;

import java.util.function.LongFunction;

/**
 * Scratch memory of one kind of kernel, as large as its largest call so far. Calls on one stream
 * share it: each is done with it before the next begins.
 */
final class Workspace implements AutoCloseable {
  private final LongFunction<CudaMemory> allocate;
  private final Runnable idle;
  private CudaMemory memory; // null before the first use

  /**
   * @param idle waits until nothing on the device uses the workspace any more
   */
  Workspace(LongFunction<CudaMemory> allocate, Runnable idle) {
    this.allocate = allocate;
    this.idle = idle;
  }

  /** Address of at least this many bytes, 256-aligned; contents undefined. */
  long address(long bytes) {
    if (memory == null || memory.bytes() < bytes) {
      close();
      memory = allocate.apply(bytes);
    }
    return memory.address();
  }

  @Override
  public void close() {
    if (memory != null) {
      idle.run();
      memory.close();
      memory = null;
    }
  }
}
