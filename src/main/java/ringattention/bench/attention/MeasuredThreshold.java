package ringattention.bench.attention;

import java.util.Locale;

/**
 * The block size from which on the exposed part of the time was measured to be within a limit.
 *
 * @param tokens between the last size above the limit and the next, where the line between them (of
 *     the logarithm of the size) crosses it; else the smallest or largest size measured
 * @param bound what the tokens are
 */
public record MeasuredThreshold(double tokens, Bound bound) {
  /** How much a number says. */
  enum Bound {
    EXACT("about %.0f tokens"),
    /** All sizes were within the limit. */
    AT_MOST("hidden everywhere, from %.0f tokens on"),
    /** The largest size was not within the limit. */
    MORE_THAN("more than %.0f tokens");

    private final String words;

    Bound(String words) {
      this.words = words;
    }
  }

  /**
   * @param sizes tokens, ascending
   * @param fractions exposed part of the time
   */
  static MeasuredThreshold of(double[] sizes, double[] fractions, double limit) {
    int last = sizes.length - 1;
    while (last >= 0 && fractions[last] <= limit) {
      last--;
    }
    if (last < 0) {
      return new MeasuredThreshold(sizes[0], Bound.AT_MOST);
    }
    if (last == sizes.length - 1) {
      return new MeasuredThreshold(sizes[last], Bound.MORE_THAN);
    }
    double part = (fractions[last] - limit) / (fractions[last] - fractions[last + 1]);
    double tokens = sizes[last] * Math.pow(sizes[last + 1] / sizes[last], part);
    return new MeasuredThreshold(tokens, Bound.EXACT);
  }

  /** By what factor a prediction is off, 1 if it is not: bounds say only one side. */
  double factor(double predicted) {
    double over = predicted / tokens;
    return switch (bound) {
      case EXACT -> Math.max(over, 1 / over);
      case AT_MOST -> Math.max(over, 1);
      case MORE_THAN -> Math.max(1 / over, 1);
    };
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, bound.words, tokens);
  }
}
