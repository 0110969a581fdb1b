package ringattention.metrics;

import java.util.Locale;

/** What losses are measured in. {@link #toString} is how the log and files say it. */
public enum LossUnit {
  /** Of the logarithm of a probability: perplexity and bits come from it. */
  NATS,
  /** Mean over the numbers of an action. */
  SQUARED_ERROR;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
