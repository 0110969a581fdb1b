package ringattention.validate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Outputs and gradients of attention at some positions, of some heads of the batch, on the host.
 *
 * @param out [positions, heads, headSize]
 * @param logSumExp [positions, heads]
 * @param dQuery as out
 * @param dKey [positions, keyValueHeads, headSize]
 * @param dValue as dKey
 */
public record AttentionResult(
    double[] out, double[] logSumExp, double[] dQuery, double[] dKey, double[] dValue) {

  /** All zeros. */
  static AttentionResult zeros(int positions, int heads, int keyValueHeads, int headSize) {
    return new AttentionResult(
        new double[positions * heads * headSize],
        new double[positions * heads],
        new double[positions * heads * headSize],
        new double[positions * keyValueHeads * headSize],
        new double[positions * keyValueHeads * headSize]);
  }

  /**
   * Scaled residuals against the truth at the same positions. O is a convex combination of rows of
   * V, so its error is measured in rounding steps of the largest element of V; the log-sum-exp in
   * steps of itself or of 1, which are those of the type it is computed in; gradients relative to
   * their largest element.
   *
   * @param largestValue largest element of V in magnitude
   * @param precision of the device under test
   */
  Map<String, Residual> residuals(AttentionResult truth, double largestValue, Precision precision) {
    double epsilon = precision.compute().epsilon();
    Map<String, Residual> residuals = new LinkedHashMap<>();
    residuals.put("O", Residual.of(out, truth.out, largestValue, epsilon));
    double logScale = Math.max(1, Residual.largest(truth.logSumExp));
    residuals.put(
        "lse", Residual.of(logSumExp, truth.logSumExp, logScale, precision.sum().epsilon()));
    residuals.put("dQ", Residual.relative(dQuery, truth.dQuery, epsilon));
    residuals.put("dK", Residual.relative(dKey, truth.dKey, epsilon));
    residuals.put("dV", Residual.relative(dValue, truth.dValue, epsilon));
    return residuals;
  }

  /** Largest error of each tensor over its largest element. */
  Map<String, Double> relativeErrors(AttentionResult truth) {
    Map<String, Double> errors = new LinkedHashMap<>();
    errors.put("O", Residual.relative(out, truth.out, 1).value());
    errors.put("lse", Residual.relative(logSumExp, truth.logSumExp, 1).value());
    errors.put("dQ", Residual.relative(dQuery, truth.dQuery, 1).value());
    errors.put("dK", Residual.relative(dKey, truth.dKey, 1).value());
    errors.put("dV", Residual.relative(dValue, truth.dValue, 1).value());
    return errors;
  }

  /**
   * Errors of this result over those of another. Not of the log-sum-exp, which never leaves the sum
   * type: its errors are a few of that type's roundings either way.
   */
  Map<String, ErrorRatio> errorRatios(AttentionResult other, AttentionResult truth) {
    Map<String, ErrorRatio> ratios = new LinkedHashMap<>();
    ratios.put("O", ErrorRatio.of(out, other.out, truth.out));
    ratios.put("dQ", ErrorRatio.of(dQuery, other.dQuery, truth.dQuery));
    ratios.put("dK", ErrorRatio.of(dKey, other.dKey, truth.dKey));
    ratios.put("dV", ErrorRatio.of(dValue, other.dValue, truth.dValue));
    return ratios;
  }

  /**
   * Elements off by more than rounding explains, or not numbers.
   *
   * @param truth at the same positions and heads
   */
  long wrong(AttentionTruth truth, int headSize, Precision precision) {
    Thresholds thresholds = new Thresholds(precision);
    double epsilon = precision.compute().epsilon();
    double logScale = Math.max(1, Residual.largest(truth.result().logSumExp));
    double gradient = thresholds.attentionGradient(headSize) * epsilon;
    AttentionResult exact = truth.result();
    return wrong(
            out, exact.out, thresholds.attentionOutput(headSize) * epsilon * truth.largestValue())
        + wrong(
            logSumExp,
            exact.logSumExp,
            Thresholds.logSumExp(headSize) * precision.sum().epsilon() * logScale)
        + wrong(dQuery, exact.dQuery, gradient * Residual.largest(exact.dQuery))
        + wrong(dKey, exact.dKey, gradient * Residual.largest(exact.dKey))
        + wrong(dValue, exact.dValue, gradient * Residual.largest(exact.dValue));
  }

  private static long wrong(double[] result, double[] truth, double allowed) {
    return IntStream.range(0, truth.length)
        .filter(i -> !(Math.abs(result[i] - truth[i]) <= allowed))
        .count();
  }
}
