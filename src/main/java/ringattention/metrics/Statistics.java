package ringattention.metrics;

import java.util.Arrays;

/** Summary of some numbers. If one of them is not a number, all four are not. */
public record Statistics(double min, double median, double max, double mean) {
  /**
   * The smallest value that so many percent of the values do not exceed (nearest rank); NaN if one
   * of them is not a number.
   *
   * @param percent above 0, at most 100
   * @throws IllegalArgumentException if there are no values
   */
  public static double percentile(double percent, double... values) {
    if (values.length == 0 || !(percent > 0 && percent <= 100)) {
      throw new IllegalArgumentException(percent + " percent of " + values.length + " values");
    }
    if (Arrays.stream(values).anyMatch(Double::isNaN)) {
      return Double.NaN;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.max(0, (int) Math.ceil(percent / 100 * sorted.length) - 1)];
  }

  /**
   * @throws IllegalArgumentException if there are no values
   */
  public static Statistics of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("statistics of no values");
    }
    if (Arrays.stream(values).anyMatch(Double::isNaN)) {
      return new Statistics(Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int last = sorted.length - 1;
    double median = (sorted[last / 2] + sorted[(last + 1) / 2]) / 2;
    return new Statistics(
        sorted[0], median, sorted[last], Arrays.stream(sorted).sum() / sorted.length);
  }
}
