package ringattention.infer;

import java.util.Locale;

/** Why an answer ended. */
public enum Finish {
  /** A stop string came. */
  STOP,
  /** It has as many tokens as were asked for. */
  LENGTH,
  /** A token that ends texts came. */
  END,
  /** The run was told to end before the answer did. */
  INTERRUPTED,
  /** Prompt and answer do not fit. */
  REFUSED;

  /** Returns whether the answer is what was asked for, so that it need not be made again. */
  boolean isDone() {
    return this == STOP || this == LENGTH || this == END;
  }

  /** Returns the word in a file of results. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
