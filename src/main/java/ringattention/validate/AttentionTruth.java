package ringattention.validate;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import ringattention.comm.LocalCommunicator;
import ringattention.device.DType;

/**
 * Vanilla attention in float64 at {@link SampledPlaces}. O, log-sum-exp and dQ of a query follow
 * from the inputs alone. dK and dV of a key need the log-sum-exp and the row sum of dO * O of every
 * query: where only some positions are sampled those are taken from the result under test, whose
 * own samples are checked beside them.
 *
 * @param result in the shapes of the sample
 * @param terms of every row of it, [positions * heads] or [positions * keyValueHeads]: what the
 *     rounding errors of the row's terms, which are independent, add up to in rounding steps
 * @param sums likewise for the partial sums of the row: each addition rounds one, and the largest
 *     is at most this
 */
record AttentionTruth(
    AttentionResult result, Map<Quantity, double[]> terms, Map<Quantity, double[]> sums) {
  private static final int PIECE = 1 << 18; // elements of one input on the host at a time

  /**
   * Returns everything, from the inputs alone, on one rank.
   *
   * @param rounded the type whose precision the inputs have
   */
  static AttentionTruth whole(AttentionProblem problem, DType rounded) {
    SampledPlaces sample = SampledPlaces.whole(problem);
    ShardTruth truth = new ShardTruth(problem, sample, rounded);
    int[] positions = sample.positions();
    int piece = piece(problem, sample);
    for (int from = 0; from < positions.length; from += piece) {
      truth.keys(
          Arrays.copyOfRange(
              positions, from, (int) Math.min(positions.length, (long) from + piece)));
    }
    AttentionResult queries = truth.queriesDone(LocalCommunicator.single());
    int heads = sample.heads().length;
    for (int from = 0; from < positions.length; from += piece) {
      int to = (int) Math.min(positions.length, (long) from + piece);
      truth.queries(
          Arrays.copyOfRange(positions, from, to),
          Arrays.copyOfRange(queries.logSumExp(), from * heads, to * heads),
          Arrays.copyOfRange(queries.rowSum(), from * heads, to * heads));
    }
    return truth.done(LocalCommunicator.single());
  }

  /**
   * Returns what the rounding errors of every row are relative to, in steps of the compute type.
   *
   * @param sumStep a step of the type that adds up, in steps of the compute type
   */
  double[] scales(Quantity quantity, double sumStep) {
    double[] ofTerms = terms.get(quantity);
    double[] ofSums = sums.get(quantity);
    double[] scales = new double[ofTerms.length];
    Arrays.setAll(scales, row -> ofTerms[row] + sumStep * ofSums[row]);
    return scales;
  }

  /** Returns how many positions are on the host at a time. */
  static int piece(AttentionProblem problem, SampledPlaces sample) {
    return Math.max(1, PIECE / (sample.heads().length * problem.heads().size()));
  }

  /** Returns the scaled sums over each head, [.., headSize] to [..]. */
  static double[] rowSums(double[] a, double[] b, int headSize) {
    return IntStream.range(0, a.length / headSize)
        .parallel()
        .mapToDouble(head -> ShardTruth.dot(a, head * headSize, b, head * headSize, headSize))
        .toArray();
  }
}
