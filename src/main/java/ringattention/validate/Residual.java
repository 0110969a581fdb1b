package ringattention.validate;

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
   * @param scale null-safe magnitude, zero where everything is zero
   */
  public static Residual of(double[] result, double[] truth, double scale, double epsilon) {
    if (result.length != truth.length) {
      throw new IllegalArgumentException(result.length + " values against " + truth.length);
    }
    double largest = 0;
    for (int i = 0; i < truth.length; i++) {
      double difference = Math.abs(result[i] - truth[i]);
      if (!(difference <= largest)) { // also where it is not a number
        largest = difference;
        if (Double.isNaN(difference)) {
          break;
        }
      }
    }
    return new Residual(largest, scale, epsilon);
  }

  /** Relative to the largest element of the truth. */
  public static Residual relative(double[] result, double[] truth, double epsilon) {
    return of(result, truth, largest(truth), epsilon);
  }

  public double value() {
    return difference == 0 ? 0 : difference / (epsilon * scale);
  }

  static double largest(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
