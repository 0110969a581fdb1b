package ringattention.bench;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.metrics.Statistics;

/**
 * Times work on a device several times. A repeat is several passes back to back where one is short,
 * so that starting the first and waiting for the last does not count.
 *
 * @param warmup passes that do not count
 * @param repeats that count
 * @param shortest a repeat lasts this many seconds at least; 0 for one pass, however short
 * @param rest seconds of idleness before a repeat: a GPU that has just worked is hot, and slower
 * @param clock in nanoseconds
 */
public record Repeats(
    int warmup, int repeats, double shortest, double rest, LongSupplier clock, Device device) {
  /** Seconds of a repeat on a device that works on while the host waits. */
  public static final double QUEUED = 0.05;

  /** One pass a repeat where the host computes itself. */
  public static Repeats of(int warmup, int repeats, LongSupplier clock, Device device) {
    return new Repeats(warmup, repeats, device.asynchronous() ? QUEUED : 0, 0, clock, device);
  }

  public Repeats resting(double seconds) {
    return new Repeats(warmup, repeats, shortest, seconds, clock, device);
  }

  /**
   * Repeats of at least so many seconds: after some tenths of a second of hard work a GPU lowers
   * its clocks to stay within its power.
   */
  public Repeats lasting(double seconds) {
    return new Repeats(warmup, repeats, seconds, rest, clock, device);
  }

  /** The passes that do not count: code is compiled, memory is touched. */
  public void warm(Runnable work) {
    for (int i = 0; i < warmup; i++) {
      work.run();
    }
    device.synchronize();
  }

  /** Passes in a repeat, the same on all ranks. Collective; runs the work. */
  public int passes(Communicator ranks, Runnable work) {
    if (shortest == 0) {
      return 1;
    }
    double one = slowest(ranks, own(ranks, 1, work));
    if (one > 4 * shortest) { // even if it has warmed up in that time
      return 1;
    }
    double few = slowest(ranks, own(ranks, 3, work)) / 3; // the first pass may still have warmed up
    return (int) Math.max(1, Math.ceil(shortest / Math.min(one, few)));
  }

  /**
   * One repeat that all ranks start together: this rank's time for a pass in seconds. Collective.
   *
   * @param work may return before it is done
   */
  public double own(Communicator ranks, int passes, Runnable work) {
    device.synchronize();
    LockSupport.parkNanos((long) (rest * 1e9));
    ranks.barrier();
    long start = clock.getAsLong();
    for (int i = 0; i < passes; i++) {
      work.run();
    }
    device.synchronize();
    return (clock.getAsLong() - start) * 1e-9 / passes;
  }

  /** The largest of all ranks' times. Collective. */
  public static double slowest(Communicator ranks, double ownSeconds) {
    return ranks.allReduce(ownSeconds, Communicator.Operation.MAX);
  }

  /** Warms up and returns {@link #median} of as many passes as a repeat takes. Collective. */
  public double seconds(Communicator ranks, Runnable work) {
    warm(work);
    return median(ranks, passes(ranks, work), work);
  }

  /** Median over the repeats of the slowest rank's time. Collective. */
  public double median(Communicator ranks, int passes, Runnable work) {
    double[] seconds = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      seconds[i] = slowest(ranks, own(ranks, passes, work));
    }
    return Statistics.of(seconds).median();
  }
}
