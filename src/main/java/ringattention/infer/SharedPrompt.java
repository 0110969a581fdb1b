package ringattention.infer;

/**
 * The tokens that several answers begin with, and their prefill as long as one of them needs it.
 */
final class SharedPrompt {
  private final int[] tokens;
  private int answers; // that are not over
  private Engine.Prefix prefix; // null until it is computed

  SharedPrompt(int[] tokens) {
    this.tokens = tokens;
  }

  void expect(int more) {
    answers += more;
  }

  boolean isHeld() {
    return prefix != null;
  }

  /** Returns how many tokens are still to be computed. */
  int missing() {
    return isHeld() ? 0 : tokens.length;
  }

  int tokens() {
    return tokens.length;
  }

  /** Returns the prefill, which is made if there is none. */
  Engine.Prefix on(Engine engine) {
    if (prefix == null) {
      prefix = engine.prefill(tokens);
    }
    return prefix;
  }

  /** Says that one of the answers is over; with the last the prefill is forgotten. */
  void release() {
    answers--;
    if (answers == 0) {
      close();
    }
  }

  /** Forgets the prefill. */
  void close() {
    if (prefix != null) {
      prefix.close();
      prefix = null;
    }
  }
}
