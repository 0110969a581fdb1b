package ringattention.validate;

/**
 * How much further from the truth one result is than another: the ratio of their root mean square
 * errors.
 */
record ErrorRatio(double error, double otherError) {
  static ErrorRatio of(double[] result, double[] other, double[] truth) {
    return new ErrorRatio(rms(result, truth), rms(other, truth));
  }

  /** 1 where both are without error; NaN where a result is not a number. */
  double value() {
    return error == otherError ? 1 : error / otherError;
  }

  private static double rms(double[] result, double[] truth) {
    double sum = 0;
    for (int i = 0; i < truth.length; i++) {
      double difference = result[i] - truth[i];
      sum += difference * difference;
    }
    return Math.sqrt(sum / truth.length);
  }
}
