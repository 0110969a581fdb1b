package ringattention.metrics;

import java.util.Locale;

/**
 * What losses are measured in. {@link #toString} is how the log and {@code summary.json} say it.
 */
public enum LossUnit {
  /** Minus the logarithm of a token's probability: perplexity and bits come from it. */
  NATS("nats per token"),
  /** Mean over the numbers of an action. Nothing is hit exactly, so there is no accuracy. */
  SQUARED_ERROR("squared error");

  private final String axis;

  LossUnit(String axis) {
    this.axis = axis;
  }

  /** Returns whether losses are those of tokens, of which some are hit. */
  public boolean isOfTokens() {
    return this == NATS;
  }

  /** Returns the name of a loss's axis in a plot. */
  public String axis() {
    return axis;
  }

  /** Returns the name of a sum of losses in files. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return key().replace('_', ' ');
  }
}
