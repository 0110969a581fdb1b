package ringattention.input;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Tells a known key from a misspelt one. */
public final class KnownKeys {
  private static final int TYPING_ERRORS = 2;

  private final Set<String> names = new LinkedHashSet<>();
  private final Set<String> sections = new LinkedHashSet<>();

  KnownKeys(List<Key> keys) {
    for (Key key : keys) {
      names.add(key.name());
      sections.add(section(key.name()));
    }
  }

  boolean has(String key) {
    return names.contains(key);
  }

  /** What is wrong with a key of the input, if anything. */
  Optional<String> problem(String key, Object value) {
    boolean emptySection = value instanceof Map<?, ?>;
    if (names.contains(key) || emptySection && sections.contains(key)) {
      return Optional.empty();
    }
    if (sections.contains(key)) {
      return Optional.of("must be a section, [" + key + "]");
    }
    String nearest =
        names.stream().min(Comparator.comparingInt(name -> distance(key, name))).orElseThrow();
    if (edits(last(key), last(nearest)) <= TYPING_ERRORS) {
      return Optional.of("unknown key, did you mean " + nearest + "?");
    }
    if (sections.contains(section(key))) {
      String siblings =
          names.stream()
              .filter(name -> section(name).equals(section(key)))
              .map(KnownKeys::last)
              .collect(Collectors.joining(", "));
      return Optional.of("unknown key, [" + section(key) + "] takes " + siblings);
    }
    return Optional.of("unknown section, there are " + String.join(", ", sections));
  }

  /**
   * The last name weighs double: a key in the wrong section is nearer than another key of the right
   * one.
   */
  private static int distance(String key, String name) {
    return 2 * edits(last(key), last(name)) + Math.min(edits(section(key), section(name)), 3);
  }

  private static String section(String key) {
    int dot = key.indexOf('.');
    return dot < 0 ? "" : key.substring(0, dot);
  }

  private static String last(String key) {
    return key.substring(key.lastIndexOf('.') + 1);
  }

  /**
   * Levenshtein distance: insertions, deletions and replacements of one character, case ignored.
   */
  private static int edits(String from, String to) {
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
