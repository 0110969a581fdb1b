package ringattention.evaluate.suite;

import java.util.Locale;

/** What the texts of a suite are made of. */
public enum SuiteWording {
  /** Lines where the tokenizer has no tokens for anything else, else text. */
  AUTO,
  /** The words of the original test. */
  TEXT,
  /** Nothing but lines to retrieve, as a model is trained on that knows nothing else. */
  LINES;

  /** Returns the word of the input. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
