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
   * Median over the repeats of the slowest rank's time, in seconds. Collective over the ranks; each
   * run starts together.
   *
   * @param work returns when it is done; {@link #warm} comes first
   */
  double seconds(Communicator ranks, Runnable work) {
    double[] seconds = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      ranks.barrier();
      long start = clock.getAsLong();
      work.run();
      seconds[i] = (clock.getAsLong() - start) * 1e-9;
    }
    ranks.allReduce(seconds, Communicator.Operation.MAX);
    return Statistics.of(seconds).median();
  }
}
