package ringattention.bench.attention;

import java.util.Arrays;
import ringattention.metrics.Statistics;

/**
 * What the repeats of one pass took; one element for each repeat. On rank 0; other ranks know only
 * the ring's.
 *
 * @param pass {@code forward} or {@code forward+backward}
 * @param flops of a pass over all ranks
 * @param productRate FLOP/s of matrix products
 * @param alone seconds of the whole pass on one rank: on GPUs the slowest, all at once; on CPUs
 *     rank 0, the others idle
 * @param atOnce seconds of the slowest rank when all do the whole pass alone at once
 * @param ring seconds of a pass on all ranks together
 * @param exposed seconds a pass that the exchange was not hidden
 * @param computing seconds a pass of each rank's own work with nothing exchanged; zeros where that
 *     is not measured
 */
public record AttentionTimes(
    String pass,
    double flops,
    double[] productRate,
    double[] alone,
    double[] atOnce,
    double[] ring,
    double exposed,
    double[] computing) {
  static AttentionTimes of(String pass, double flops, int repeats) {
    return new AttentionTimes(
        pass,
        flops,
        new double[repeats],
        new double[repeats],
        new double[repeats],
        new double[repeats],
        0,
        new double[0]);
  }

  AttentionTimes withWait(double seconds, double... ofRanks) {
    return new AttentionTimes(pass, flops, productRate, alone, atOnce, ring, seconds, ofRanks);
  }

  /** The row of one rank: it is its own bound, and nobody is there to wait for. */
  AttentionTimes ofOneRank() {
    return new AttentionTimes(pass, flops, productRate, alone, alone, alone, 0, new double[0]);
  }

  double seconds() {
    return median(ring);
  }

  /** FLOP/s of one rank. */
  double rate(int ranks) {
    return flops / ranks / seconds();
  }

  double productMedian() {
    return median(productRate);
  }

  /** Rate of a rank over that of matrix products. */
  double ofProduct(int ranks) {
    double[] fractions = new double[ring.length];
    Arrays.setAll(fractions, i -> flops / ranks / ring[i] / productRate[i]);
    return median(fractions);
  }

  /** Time of one rank alone over (ranks x time). */
  double bound(int ranks) {
    double[] fractions = new double[ring.length];
    Arrays.setAll(fractions, i -> alone[i] / (ranks * ring[i]));
    return median(fractions);
  }

  /** Rate that a rank keeps when all compute, nothing exchanged. */
  double machine() {
    double[] fractions = new double[ring.length];
    Arrays.setAll(fractions, i -> alone[i] / atOnce[i]);
    return median(fractions);
  }

  private static double median(double... values) {
    return Statistics.of(values).median();
  }
}
