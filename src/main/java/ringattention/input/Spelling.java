package ringattention.input;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what somebody may have meant who made typing errors. */
public final class Spelling {
  static final int TYPING_ERRORS = 2;

  private Spelling() {}

  /**
   * Returns the known word that is nearest to a word, the first of several; empty if none is within
   * two typing errors, or if these are half of the word or more.
   */
  public static Optional<String> nearest(String word, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(one -> edits(word, one)))
        .filter(one -> edits(word, one) <= TYPING_ERRORS && 2 * edits(word, one) < one.length());
  }

  /**
   * Returns the Levenshtein distance: insertions, deletions and replacements of one character, case
   * ignored.
   */
  static int edits(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        char a = Character.toLowerCase(from.charAt(i - 1));
        char b = Character.toLowerCase(to.charAt(j - 1));
        int replaced = diagonal + (a == b ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
