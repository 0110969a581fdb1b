package ringattention.bench.attention;

import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import ringattention.bench.attention.RingWork.Step;
import ringattention.metrics.RingTime;

/**
 * Predicts from measured rates how long a pass of the ring waits for its messages. A step waits for
 * what its messages take longer than its work. Where the host itself computes, MPI moves a message
 * only while it is waited for, so that the wait is never shorter than the message takes by itself.
 *
 * @param attention FLOP/s of this pass by tokens of a block
 * @param network bytes/s by bytes of a message
 * @param unhidden bytes/s of what is never hidden, by bytes of a message; null where a message
 *     moves by itself
 */
public record OverlapModel(
    RingWork schedule, RingPass pass, RateCurve attention, RateCurve network, RateCurve unhidden) {
  private static final int MOST_TOKENS = 1 << 26; // of all ranks
  private static final double STRIDE = 1.1;

  /** Seconds of a rank's own work. */
  double computeS(int tokens) {
    return time(tokens, 0, unhidden).work();
  }

  /** Bytes that a rank sends. */
  long messageBytes(int tokens) {
    return (long) time(tokens, 0, unhidden).bytes();
  }

  /** Seconds that these take by themselves. */
  double messageS(int tokens) {
    return time(tokens, 0, unhidden).travelling();
  }

  /** Seconds of a pass that the exchange is not hidden, of the rank that waits longest. */
  double waitS(int tokens) {
    return waitS(tokens, unhidden);
  }

  private double waitS(int tokens, RateCurve floor) {
    return IntStream.range(0, schedule.ranks())
        .mapToDouble(rank -> time(tokens, rank, floor).exposed())
        .max()
        .orElseThrow();
  }

  private RingTime time(int tokens, int rank, RateCurve floor) {
    RingTime time = RingTime.NONE;
    for (Step step : schedule.steps(pass, tokens, rank)) {
      double least = floor == null ? 0 : seconds(step, floor);
      double bytes = step.messages().stream().mapToDouble(Long::doubleValue).sum();
      double work = step.flops() / attention.at(tokens);
      time = time.plusHop(work, seconds(step, network), bytes, least, 0);
    }
    return time;
  }

  /** Part of the time of a pass that the exchange is not hidden. */
  double fraction(int tokens) {
    double wait = waitS(tokens);
    return wait / (wait + computeS(tokens));
  }

  /** Whether the work of every step of every rank takes as long as its messages. */
  boolean hides(int tokens) {
    return waitS(tokens, null) == 0;
  }

  /** The smallest block from which on all hide communication; see {@link #smallest}. */
  double hidingTokens() {
    return smallest(this::hides);
  }

  /** The smallest block from which on the exposed part is at most this; see {@link #smallest}. */
  double tokensWithin(double limit) {
    return smallest(tokens -> fraction(tokens) <= limit);
  }

  /**
   * Looked for from large blocks down, since rates of tiny ones are anything. Not smaller than the
   * smallest that was measured; infinite if even the largest will not do.
   */
  private double smallest(IntPredicate good) {
    int least = (int) attention.smallest();
    int high = MOST_TOKENS / schedule.ranks();
    if (!good.test(high)) {
      return Double.POSITIVE_INFINITY;
    }
    int low = high;
    while (low > least && good.test(low)) {
      high = low;
      low = Math.max(least, (int) (low / STRIDE));
    }
    if (good.test(low)) {
      return low;
    }
    while (high - low > 1) {
      int middle = low + (high - low) / 2;
      if (good.test(middle)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }

  private static double seconds(Step step, RateCurve rate) {
    return step.messages().stream().mapToDouble(bytes -> bytes / rate.at(bytes)).sum();
  }
}
