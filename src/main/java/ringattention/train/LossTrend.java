package ringattention.train;

import java.util.Arrays;
import ringattention.metrics.Statistics;

/**
 * How the losses of a run end, compared with how they began, and how far the two may lie apart by
 * chance.
 *
 * @param first mean of the first tenth of the losses
 * @param last mean of the last tenth
 * @param standardError of last - first if the losses only scattered: sqrt(2 / steps of a tenth)
 *     times their standard deviation, which is taken from the differences of neighbours, so that a
 *     loss that falls is no scatter
 */
public record LossTrend(double first, double last, double standardError) {
  /** Losses that are needed for a tenth to be one. */
  public static final int FEWEST = 10;

  /**
   * Standard errors that a rise may have: of 10,000 runs that learn nothing, fewer than one has
   * more, be its losses normally or exponentially distributed (simulated for 10 to 400 steps).
   */
  private static final double ERRORS = 5;

  /**
   * Share of the first losses above which a rise is one however much the losses scatter: those of a
   * run that diverged and came down again scatter most. Losses at random weights scatter by less
   * than a percent.
   */
  private static final double CLEAR = 0.1;

  /** Below this share of the loss a scatter is rounding. */
  private static final double ROUNDING = 1e-6;

  /**
   * Compares the ends of a run.
   *
   * @param losses of at least {@link #FEWEST} steps in their order, all finite
   */
  public static LossTrend of(double... losses) {
    int tenth = losses.length / FEWEST;
    if (tenth < 1) {
      throw new IllegalArgumentException("the trend of " + losses.length + " losses");
    }
    double first = Statistics.of(Arrays.copyOf(losses, tenth)).mean();
    double last =
        Statistics.of(Arrays.copyOfRange(losses, losses.length - tenth, losses.length)).mean();
    double squares = 0;
    for (int i = 1; i < losses.length; i++) {
      squares += Math.pow(losses[i] - losses[i - 1], 2);
    }
    double scatter = Math.sqrt(squares / (2 * (losses.length - 1)));
    double least = ROUNDING * Math.abs(first);
    return new LossTrend(first, last, Math.max(scatter, least) * Math.sqrt(2.0 / tenth));
  }

  /** Returns the rise, last - first, over the largest that counts as chance: above 1 it is one. */
  public double rise() {
    return (last - first) / Math.min(ERRORS * standardError, CLEAR * Math.abs(first));
  }
}
