package ringattention.config;

import java.util.Comparator;
import java.util.List;

/** What a mistyped name might have meant. */
final class Spelling {
  private Spelling() {}

  /** One line: where, what is unknown, the nearest known name and all of them. */
  static String unknown(String origin, String name, String kind, List<String> known) {
    String nearest =
        known.stream().min(Comparator.comparingInt(other -> distance(name, other))).orElse("");
    String hint =
        distance(name, nearest) <= Math.max(2, name.length() / 4) ? ", did you mean " + nearest + "?" : "";
    return origin + ": " + name + " is unknown" + hint + " (" + kind + ": " + String.join(", ", known) + ")";
  }

  /** Levenshtein (1966). */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
