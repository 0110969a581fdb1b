package ringattention.metrics;

import java.util.Arrays;

/** Summary of some numbers. If one of them is not a number, all four are not. */
public record Statistics(double min, double median, double max, double mean) {
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
