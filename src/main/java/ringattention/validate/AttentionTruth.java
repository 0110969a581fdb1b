package ringattention.validate;

import java.util.stream.IntStream;
import ringattention.config.MaskKind;
import ringattention.device.DType;
import ringattention.validate.AttentionProblem.Input;

/**
 * Vanilla attention in float64 at a {@link Sample}: time grows with positions * heads * length,
 * memory with the length of one head. O, log-sum-exp and dQ of a query follow from the inputs
 * alone. dK and dV of a key need the log-sum-exp and the row sum of dO * O of every query: where
 * only some positions are sampled those are taken from the result under test, whose own samples are
 * checked beside them.
 *
 * @param result in the shapes of the sample
 * @param largestValue largest element in magnitude of the sampled heads' values
 */
record AttentionTruth(AttentionResult result, double largestValue) {

  /**
   * Everything, from the inputs alone.
   *
   * @param rounded the type whose precision the inputs have
   */
  static AttentionTruth whole(AttentionProblem problem, DType rounded) {
    return compute(problem, Sample.whole(problem), null, rounded);
  }

  /**
   * At a sample.
   *
   * @param totals of the result under test
   */
  static AttentionTruth at(
      AttentionProblem problem, Sample sample, QueryTotals totals, DType rounded) {
    return compute(problem, sample, totals, rounded);
  }

  /**
   * @param given null where the sample has all positions
   */
  private static AttentionTruth compute(
      AttentionProblem problem, Sample sample, QueryTotals given, DType rounded) {
    int rows = sample.positions().length;
    int size = problem.headSize();
    int[] heads = sample.heads();
    int keyValueHeads = sample.keyValueHeads().length;
    AttentionResult truth = AttentionResult.zeros(rows, heads.length, keyValueHeads, size);
    double[] delta = new double[rows * heads.length];
    QueryTotals totals = given == null ? new QueryTotals(truth.logSumExp(), delta) : given;
    double largest = 0;
    for (int shared = 0; shared < keyValueHeads; shared++) {
      float[] key = problem.head(Input.KEY, sample.keyValueHeads()[shared], rounded);
      float[] value = problem.head(Input.VALUE, sample.keyValueHeads()[shared], rounded);
      largest = Math.max(largest, largest(value));
      for (int member = 0; member < sample.group(); member++) {
        int column = shared * sample.group() + member; // of the query head
        HeadTruth head =
            new HeadTruth(
                problem.length(),
                size,
                problem.mask() == MaskKind.CAUSAL,
                problem.documents(),
                problem.head(Input.QUERY, heads[column], rounded),
                key,
                value,
                problem.head(Input.OUTPUT_GRADIENT, heads[column], rounded));
        rows(rows)
            .forEach(
                row -> {
                  int cell = row * heads.length + column;
                  double[] sums =
                      head.query(sample.positions()[row], truth.out(), truth.dQuery(), cell * size);
                  truth.logSumExp()[cell] = sums[0];
                  delta[cell] = sums[1];
                });
        double[] logSumExp = column(totals.logSumExp(), column, heads.length);
        double[] rowSums = column(totals.delta(), column, heads.length);
        int firstCell = shared;
        rows(rows)
            .forEach(
                row ->
                    head.key(
                        sample.positions()[row],
                        logSumExp,
                        rowSums,
                        truth.dKey(),
                        truth.dValue(),
                        (row * keyValueHeads + firstCell) * size));
      }
    }
    return new AttentionTruth(truth, largest);
  }

  private static IntStream rows(int count) {
    return IntStream.range(0, count).parallel();
  }

  private static double[] column(double[] matrix, int column, int columns) {
    return IntStream.range(0, matrix.length / columns)
        .mapToDouble(row -> matrix[row * columns + column])
        .toArray();
  }

  private static double largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
