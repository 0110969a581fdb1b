package ringattention.validate;

import ringattention.metrics.Largest;

/**
 * How far a result is from the truth: {@code difference / (epsilon * scale)}, a number of order one
 * where only rounding separates them.
 *
 * @param difference largest absolute difference; NaN if any element is not a number
 * @param scale the magnitude the rounding errors are relative to
 * @param epsilon of the result's type
 */
public record Residual(double difference, double scale, double epsilon) {
  /**
   * Returns the residual of values that share one scale.
   *
   * @param scale zero where everything is zero
   */
  public static Residual of(double[] result, double[] truth, double scale, double epsilon) {
    return byRow(result, truth, new double[] {scale}, epsilon);
  }

  /**
   * Returns the residual of the row where it is largest.
   *
   * @param result [rows, ..]
   * @param truth as result
   * @param scales of each row, [rows]
   */
  static Residual byRow(double[] result, double[] truth, double[] scales, double epsilon) {
    if (result.length != truth.length || truth.length == 0 || truth.length % scales.length != 0) {
      throw new IllegalArgumentException(
          result.length + " values against " + truth.length + " in " + scales.length + " rows");
    }
    int size = truth.length / scales.length;
    Residual worst = null;
    for (int row = 0; row < scales.length; row++) {
      double largest = 0;
      for (int i = row * size; i < (row + 1) * size; i++) {
        largest = Largest.of(largest, Math.abs(result[i] - truth[i]));
      }
      Residual here = new Residual(largest, scales[row], epsilon);
      worst = worst == null ? here : worst.orWorse(here);
    }
    return worst;
  }

  /** Relative to the largest element of the truth. */
  public static Residual relative(double[] result, double[] truth, double epsilon) {
    return of(result, truth, Largest.magnitude(truth), epsilon);
  }

  /** Returns the one with the larger value; one that is not a number is the worse. */
  Residual orWorse(Residual other) {
    double largest = Largest.of(value(), other.value());
    return Double.compare(largest, value()) == 0 ? this : other;
  }

  public double value() {
    return difference == 0 ? 0 : difference / (epsilon * scale);
  }
}
