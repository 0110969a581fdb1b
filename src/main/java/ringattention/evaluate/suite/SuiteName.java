package ringattention.evaluate.suite;

import java.util.Locale;

/** The tests that there are, and how each judges an answer. */
public enum SuiteName {
  /** LongEval's lines: the number of one line of a record. */
  LINES(Scoring.LAST_NUMBER),
  /** LWM's needle: a magic number of a city, somewhere in a text. */
  NEEDLE(Scoring.HELD_NUMBER),
  /** RULER's needles in a haystack: several keys, several values. */
  NIAH(Scoring.SHARE_FOUND);

  private final Scoring scoring;

  SuiteName(Scoring scoring) {
    this.scoring = scoring;
  }

  Scoring scoring() {
    return scoring;
  }

  /** Returns the word of the input and of results. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
