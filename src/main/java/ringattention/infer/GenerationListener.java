package ringattention.infer;

/** Hears of answers while they are made; on rank 0, as only that one prints and writes. */
public interface GenerationListener {
  /** Hears nothing. */
  GenerationListener NONE = new GenerationListener() {};

  /** Takes the next part of an answer's text, whole characters, never empty. */
  default void text(SampleKey key, String part) {}

  /** Takes an answer that has ended, also one that was interrupted or refused. */
  default void ended(GenerationResult result) {}

  /** Returns a listener that passes everything on to both. */
  default GenerationListener and(GenerationListener other) {
    GenerationListener first = this;
    return new GenerationListener() {
      @Override
      public void text(SampleKey key, String part) {
        first.text(key, part);
        other.text(key, part);
      }

      @Override
      public void ended(GenerationResult result) {
        first.ended(result);
        other.ended(result);
      }
    };
  }
}
