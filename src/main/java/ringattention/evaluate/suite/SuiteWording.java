package ringattention.evaluate.suite;

/** What the texts of a suite are made of. */
public enum SuiteWording {
  /** Text where the tokenizer can write it, else lines. */
  AUTO,
  /** The words of the original test. */
  TEXT,
  /** Nothing but lines to retrieve, as a model is trained on that knows nothing else. */
  LINES
}
