package ringattention.template;

/**
 * What one rendering may still spend. Every statement, every expression and every element of a list
 * that is made or gone through is a step, and so are {@value #CHARACTERS} characters of a text, so
 * that no template runs without end or fills the memory.
 */
final class Budget {
  static final long MOST_STEPS = 10_000_000;
  static final int LONGEST_TEXT = 64 << 20;
  static final int DEEPEST = 300;
  private static final int CHARACTERS = 32;

  private long left = MOST_STEPS;
  private int depth;

  void step() {
    steps(1);
  }

  void steps(long count) {
    left -= count;
    if (left < 0) {
      throw new TemplateException("the template takes more than " + MOST_STEPS + " steps");
    }
  }

  /** Pays for a text that is made. Asked before it is made, with its length in characters. */
  void text(long length) {
    length(length);
    steps(length / CHARACTERS);
  }

  /** Checks the length of a text that grows and is paid for piece by piece. */
  void length(long length) {
    if (length > LONGEST_TEXT) {
      throw new TemplateException("a text would be longer than " + LONGEST_TEXT + " characters");
    }
  }

  /** Pays for what goes through a value's characters, if it is a text. */
  void reading(Object value) {
    if (value instanceof String text) {
      steps(text.length() / CHARACTERS);
    }
  }

  /** Goes one deeper into a nested value, expression, block or macro; {@link #leave} returns. */
  void enter() {
    if (++depth > DEEPEST) {
      throw new TemplateException("nested deeper than " + DEEPEST);
    }
  }

  void leave() {
    depth--;
  }
}
