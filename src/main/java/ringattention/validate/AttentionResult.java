package ringattention.validate;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Outputs and gradients of attention at some positions, on the host.
 *
 * @param out [positions, batch, heads, headSize]
 * @param logSumExp [positions, batch, heads]
 * @param dQuery as out
 * @param dKey [positions, batch, keyValueHeads, headSize]
 * @param dValue as dKey
 */
public record AttentionResult(
    double[] out, double[] logSumExp, double[] dQuery, double[] dKey, double[] dValue) {

  /** The rows of some of {@code length} positions. */
  AttentionResult at(int[] positions, int length) {
    return new AttentionResult(
        rows(out, positions, length),
        rows(logSumExp, positions, length),
        rows(dQuery, positions, length),
        rows(dKey, positions, length),
        rows(dValue, positions, length));
  }

  /**
   * Scaled residuals against the truth at the same positions. O is a convex combination of rows of
   * V, so its error is measured in rounding steps of the largest element of V; the log-sum-exp in
   * steps of itself or of 1; gradients relative to their largest element.
   *
   * @param largestValue largest element of V in magnitude
   * @param epsilon of the result's type
   */
  public Map<String, Residual> residuals(
      AttentionResult truth, double largestValue, double epsilon) {
    Map<String, Residual> residuals = new LinkedHashMap<>();
    residuals.put("O", Residual.of(out, truth.out, largestValue, epsilon));
    double logScale = Math.max(1, Residual.largest(truth.logSumExp));
    residuals.put("lse", Residual.of(logSumExp, truth.logSumExp, logScale, epsilon));
    residuals.put("dQ", Residual.relative(dQuery, truth.dQuery, epsilon));
    residuals.put("dK", Residual.relative(dKey, truth.dKey, epsilon));
    residuals.put("dV", Residual.relative(dValue, truth.dValue, epsilon));
    return residuals;
  }

  private static double[] rows(double[] whole, int[] positions, int length) {
    int size = whole.length / length;
    double[] rows = new double[positions.length * size];
    for (int i = 0; i < positions.length; i++) {
      System.arraycopy(whole, positions[i] * size, rows, i * size, size);
    }
    return rows;
  }
}
