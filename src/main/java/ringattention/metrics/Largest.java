package ringattention.metrics;

import java.util.stream.DoubleStream;

/**
 * The largest of numbers that measure errors. A NaN among them is the result, wherever it stands:
 * comparing with {@code >} would drop it at the next number. The one place where a running maximum
 * of errors is kept.
 */
public final class Largest {
  private Largest() {}

  /** Returns the larger of two numbers, or NaN if either is. */
  public static double of(double a, double b) {
    return Math.max(a, b);
  }

  /** Returns the largest of these, 0 of none, or NaN if any is. */
  public static double of(DoubleStream values) {
    return values.reduce(Largest::of).orElse(0);
  }

  /** Returns the largest in magnitude of these, 0 of none, or NaN if any is. */
  public static double magnitude(double... values) {
    double largest = 0;
    for (double value : values) {
      largest = of(largest, Math.abs(value));
    }
    return largest;
  }
}
