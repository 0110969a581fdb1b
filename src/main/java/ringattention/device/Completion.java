package ringattention.device;

/**
 * A point in a device's queue of work: an event on a GPU, nothing to wait for where work is done
 * when the call returns.
 */
@FunctionalInterface
public interface Completion {
  /** All work has been done already. */
  Completion DONE = () -> {};

  /** Blocks the host until everything enqueued before this point has been done. */
  void await();
}
