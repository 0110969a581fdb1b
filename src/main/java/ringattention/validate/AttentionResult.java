package ringattention.validate;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Outputs and gradients of attention at some positions, of some heads of the batch, on the host.
 *
 * @param out [positions, heads, headSize]
 * @param logSumExp [positions, heads]
 * @param rowSum sums of dO * O over a head, [positions, heads]
 * @param dQuery as out
 * @param dKey [positions, keyValueHeads, headSize]
 * @param dValue as dKey
 */
public record AttentionResult(
    double[] out,
    double[] logSumExp,
    double[] rowSum,
    double[] dQuery,
    double[] dKey,
    double[] dValue) {

  /** All zeros. */
  static AttentionResult zeros(int positions, int heads, int keyValueHeads, int headSize) {
    return new AttentionResult(
        new double[positions * heads * headSize],
        new double[positions * heads],
        new double[positions * heads],
        new double[positions * heads * headSize],
        new double[positions * keyValueHeads * headSize],
        new double[positions * keyValueHeads * headSize]);
  }

  /**
   * Adds one query head's result at the same positions.
   *
   * @param column of the query head here
   * @param group query heads that read one key/value head
   */
  void add(AttentionResult head, int column, int group, int headSize) {
    int columns = logSumExp.length * headSize / head.out.length;
    int keyColumns = columns / group;
    add(head.out, out, column, columns, headSize);
    add(head.logSumExp, logSumExp, column, columns, 1);
    add(head.rowSum, rowSum, column, columns, 1);
    add(head.dQuery, dQuery, column, columns, headSize);
    add(head.dKey, dKey, column / group, keyColumns, headSize);
    add(head.dValue, dValue, column / group, keyColumns, headSize);
  }

  /** Adds a result at the same positions and heads. */
  void add(AttentionResult other) {
    for (Quantity quantity : Quantity.values()) {
      double[] values = of(quantity);
      double[] more = other.of(quantity);
      Arrays.setAll(values, i -> values[i] + more[i]);
    }
  }

  /** Adds [rows, size] to a column of [rows, columns, size]. */
  private static void add(double[] from, double[] to, int column, int columns, int size) {
    for (int i = 0; i < from.length; i++) {
      to[(i / size * columns + column) * size + i % size] += from[i];
    }
  }

  double[] of(Quantity quantity) {
    return switch (quantity) {
      case OUT -> out;
      case LOG_SUM_EXP -> logSumExp;
      case ROW_SUM -> rowSum;
      case QUERY_GRADIENT -> dQuery;
      case KEY_GRADIENT -> dKey;
      case VALUE_GRADIENT -> dValue;
    };
  }

  /**
   * Returns scaled residuals against the truth at the same positions, each of the row where it is
   * largest.
   *
   * @param precision of the device under test
   */
  Map<Quantity, Residual> residuals(AttentionTruth truth, Rounding precision) {
    Map<Quantity, Residual> residuals = new EnumMap<>(Quantity.class);
    for (Quantity quantity : Quantity.values()) {
      residuals.put(
          quantity,
          Residual.byRow(
              of(quantity),
              truth.result().of(quantity),
              truth.scales(quantity, precision.sumStep()),
              precision.epsilon(quantity)));
    }
    return residuals;
  }

  /** Returns the largest error of each tensor over its largest element. */
  Map<String, Double> relativeErrors(AttentionResult truth) {
    Map<String, Double> errors = new LinkedHashMap<>();
    for (Quantity quantity : Quantity.values()) {
      if (quantity != Quantity.ROW_SUM) {
        Residual error = Residual.relative(of(quantity), truth.of(quantity), 1);
        errors.put(quantity.symbol(), error.value());
      }
    }
    return errors;
  }

  /**
   * Returns errors of this result over those of another. Not of the log-sum-exp, which never leaves
   * the sum type: its errors are a few of that type's roundings either way.
   *
   * @param floor in rounding steps of a row's scale, below which errors say nothing
   */
  Map<Quantity, ErrorRatio> errorRatios(
      AttentionResult other, AttentionTruth truth, Rounding precision, double floor) {
    Map<Quantity, ErrorRatio> ratios = new EnumMap<>(Quantity.class);
    for (Quantity quantity :
        List.of(
            Quantity.OUT,
            Quantity.QUERY_GRADIENT,
            Quantity.KEY_GRADIENT,
            Quantity.VALUE_GRADIENT)) {
      ratios.put(
          quantity,
          ErrorRatio.of(
              of(quantity),
              other.of(quantity),
              truth.result().of(quantity),
              truth.scales(quantity, precision.sumStep()),
              precision.compute().epsilon(),
              floor));
    }
    return ratios;
  }

  /**
   * Returns how many elements are off by more than rounding explains, or not numbers.
   *
   * @param truth at the same positions and heads
   */
  long wrong(AttentionTruth truth, int headSize, Rounding precision) {
    Thresholds thresholds = new Thresholds(precision);
    long wrong = 0;
    for (Quantity quantity : Quantity.values()) {
      if (quantity != Quantity.ROW_SUM) {
        double steps = thresholds.attention(quantity, headSize) * precision.epsilon(quantity);
        double[] found = of(quantity);
        double[] exact = truth.result().of(quantity);
        double[] scales = truth.scales(quantity, precision.sumStep());
        int size = exact.length / scales.length;
        wrong +=
            IntStream.range(0, exact.length)
                .filter(i -> !(Math.abs(found[i] - exact[i]) <= steps * scales[i / size]))
                .count();
      }
    }
    return wrong;
  }
}
