package ringattention.bench.kernel;

import ringattention.device.Device;

/** One kernel at one size: what it does and moves, and how to run it. */
public interface KernelCase {
  /** For example {@code matmul}. */
  String kernel();

  /** Its extents, for example {@code 8192x4096}. */
  String shape();

  /** Returns the operations of its matrix products; 0 where it has none. */
  double flops();

  /**
   * Every argument once: what is read, what is written, what is updated twice. Less cannot be moved
   * unless it is in a cache already.
   *
   * @param device whose element types count
   */
  double bytes(Device device);

  /**
   * Allocates and loads the arguments.
   *
   * @param sets how many times, so that no call finds the last one's arguments in a cache
   */
  Trial open(Device device, int sets);

  /** The arguments, ready to run on. */
  interface Trial extends AutoCloseable {
    /** Enqueues one call on one of the sets. */
    void pass(int set);

    /** Runs once over outputs that are NaN and counts wrong results in a sample. */
    long wrong();

    @Override
    void close();
  }
}
