package ringattention.bench;

import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.metrics.Statistics;

/**
 * Times something several times.
 *
 * @param warmup runs that do not count
 * @param repeats runs that count
 * @param clock in nanoseconds
 */
record Repeats(int warmup, int repeats, LongSupplier clock) {
  /** The runs that do not count: code is compiled, memory is touched. */
  void warm(Runnable work) {
    for (int i = 0; i < warmup; i++) {
      work.run();
    }
  }

  /**
   * One run that all ranks start together: the slowest rank's time in seconds. Collective.
   *
   * @param work returns when it is done
   */
  double once(Communicator ranks, Runnable work) {
    ranks.barrier();
    long start = clock.getAsLong();
    work.run();
    double[] seconds = {(clock.getAsLong() - start) * 1e-9};
    ranks.allReduce(seconds, Communicator.Operation.MAX);
    return seconds[0];
  }

  /** Median over the repeats of {@link #once}. Collective. */
  double median(Communicator ranks, Runnable work) {
    double[] seconds = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      seconds[i] = once(ranks, work);
    }
    return Statistics.of(seconds).median();
  }
}
