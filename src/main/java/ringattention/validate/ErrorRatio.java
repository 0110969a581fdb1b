package ringattention.validate;

import ringattention.metrics.Largest;

/**
 * How much further from the truth one result is than another: the ratio of their root mean square
 * errors, each in rounding steps of its row's scale.
 *
 * @param floor errors below it are roundings that either result may have or not: their ratio says
 *     nothing
 */
record ErrorRatio(double error, double otherError, double floor) {
  private static final double NOTHING = 0.1; // of the floor

  /**
   * Returns the ratio of two results.
   *
   * @param result [rows, ..]
   * @param other as result
   * @param truth as result
   * @param scales of each row, [rows]
   * @param floor in rounding steps of a row's scale
   */
  static ErrorRatio of(
      double[] result,
      double[] other,
      double[] truth,
      double[] scales,
      double epsilon,
      double floor) {
    return new ErrorRatio(
        rms(result, truth, scales, epsilon), rms(other, truth, scales, epsilon), floor);
  }

  /** NaN where a result is not a number. */
  double value() {
    return error / Largest.of(otherError, floor);
  }

  /**
   * Returns how small {@link #value} may be where the ratio of the errors must be at least so much;
   * 0 where the other is nearly without error.
   */
  double least(double leastRatio) {
    return otherError < NOTHING * floor
        ? 0
        : leastRatio * otherError / Largest.of(otherError, floor);
  }

  private static double rms(double[] result, double[] truth, double[] scales, double epsilon) {
    int size = truth.length / scales.length;
    double sum = 0;
    for (int i = 0; i < truth.length; i++) {
      double difference = result[i] - truth[i];
      double steps = difference == 0 ? 0 : difference / (epsilon * scales[i / size]);
      sum += steps * steps;
    }
    return Math.sqrt(sum / truth.length);
  }
}
