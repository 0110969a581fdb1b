package ringattention.data.fasta;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What the best Markov model of its kind makes of bases that it was not counted on. The probability
 * of a base behind a context of k bases is interpolated with that behind the last k - 1:
 *
 * <pre>P_k(b) = (n_k(b) + a_k P_(k-1)(b)) / (n_k + a_k),  P_(-1) = 1/4</pre>
 *
 * <p>The order k, and every weight a_k, are chosen on the last tenth of what is learned, counted on
 * the other nine; then all of it is counted. What is held out has no part in the choice.
 *
 * @param order that was chosen
 * @param bits by base of what is held out
 * @param bases of it that were predicted
 * @param counted bases that the model was counted on
 */
public record MarkovModel(int order, double bits, long bases, long counted) {
  /** The highest order: a context is 32 bits. */
  public static final int MOST = 16;

  /** The bits of a base of which nothing is known. */
  public static final double UNIFORM = 2;

  private static final int TUNED = 1 << 16; // bases that weights are chosen on
  private static final int TENTH = 10;
  private static final double[] WEIGHTS =
      IntStream.rangeClosed(-4, 14).mapToDouble(exponent -> Math.scalb(1.0, exponent)).toArray();

  /**
   * Chooses, counts and predicts.
   *
   * @param learned what is learned, one strand of it
   * @param heldOut what is not
   * @param most the highest order, at most {@link #MOST}
   * @param bothStrands whether the reverse complement of what is learned is, too
   * @return empty if there is too little of either
   */
  public static Optional<MarkovModel> of(
      BaseRow learned, BaseRow heldOut, int most, boolean bothStrands) {
    int border = learned.size() - learned.size() / TENTH;
    int[] tuned = positions(learned, border, learned.size(), TUNED);
    int[] asked = positions(heldOut, 0, heldOut.size(), heldOut.size());
    if (tuned.length == 0 || asked.length == 0) {
      return Optional.empty();
    }
    double[] weights = new double[most + 1];
    int order = choose(new ContextCounts(learned, 0, border, bothStrands), learned, tuned, weights);
    ContextCounts all = new ContextCounts(learned, 0, learned.size(), bothStrands);
    double[] chosen = Arrays.copyOf(weights, order + 1);
    double nats =
        Arrays.stream(asked)
            .parallel()
            .mapToDouble(position -> loss(all, heldOut, position, chosen))
            .sum();
    return Optional.of(
        new MarkovModel(order, nats / Math.log(2) / asked.length, asked.length, all.size()));
  }

  /** Returns so many positions to be predicted, evenly apart. */
  private static int[] positions(BaseRow row, int from, int to, int most) {
    int[] all = IntStream.range(from, to).filter(row::isLearned).toArray();
    int apart = Math.max(1, (all.length + most - 1) / Math.max(1, most));
    return IntStream.range(0, all.length).filter(i -> i % apart == 0).map(i -> all[i]).toArray();
  }

  /**
   * Returns the order of the least loss.
   *
   * @param weights takes the best of every order, the lower ones given
   */
  private static int choose(ContextCounts counts, BaseRow row, int[] positions, double[] weights) {
    int[][][] found = new int[positions.length][weights.length][Bases.BASES];
    IntStream.range(0, positions.length)
        .parallel()
        .forEach(i -> counts.count(row, positions[i], found[i]));
    double[] before = new double[positions.length]; // of the base that follows, an order lower
    Arrays.fill(before, 1.0 / Bases.BASES);
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int order = 0; order < weights.length; order++) {
      double leastOfOrder = Double.POSITIVE_INFINITY;
      for (double weight : WEIGHTS) {
        double loss = 0;
        for (int i = 0; i < positions.length; i++) {
          int base = row.base(positions[i]);
          loss -= Math.log(interpolated(found[i][order], base, before[i], weight));
        }
        if (loss < leastOfOrder) {
          leastOfOrder = loss;
          weights[order] = weight;
        }
      }
      for (int i = 0; i < positions.length; i++) {
        int base = row.base(positions[i]);
        before[i] = interpolated(found[i][order], base, before[i], weights[order]);
      }
      if (leastOfOrder < least) {
        least = leastOfOrder;
        best = order;
      }
    }
    return best;
  }

  private static double loss(ContextCounts counts, BaseRow row, int position, double... weights) {
    int[][] found = new int[weights.length][Bases.BASES];
    counts.count(row, position, found);
    double probability = 1.0 / Bases.BASES;
    for (int order = 0; order < weights.length; order++) {
      probability = interpolated(found[order], row.base(position), probability, weights[order]);
    }
    return -Math.log(probability);
  }

  /** Returns the probability of a base, by its counts and its probability of an order lower. */
  private static double interpolated(int[] counts, int base, double lower, double weight) {
    long all = 0;
    for (int count : counts) {
      all += count;
    }
    return (counts[base] + weight * lower) / (all + weight);
  }

  /** Returns the same for files. */
  public Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("uniform_bits_per_base", UNIFORM);
    values.put("markov_order", order);
    values.put("markov_bits_per_base", bits);
    return values;
  }

  /** Returns a line for the log. */
  public String text() {
    return String.format(
        Locale.ROOT,
        "without a Transformer: %.1f bits per base uniform, %.4f by a Markov model of order %d"
            + " (counted on %d bases, for %d of what is not learned)",
        UNIFORM,
        bits,
        order,
        counted,
        bases);
  }
}
