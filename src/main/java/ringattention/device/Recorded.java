package ringattention.device;

/** Work of a device that can be run again and again, with whatever its tensors hold then. */
public interface Recorded extends AutoCloseable {
  /** Enqueues the work once more. */
  void run();

  @Override
  void close();
}
