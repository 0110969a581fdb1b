package ringattention.input;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Tells a known key from a misspelt one. */
public final class KnownKeys {
  /** Stands for the number of a table of a list in the name of a key. */
  static final String NUMBER = "N";

  private static final Pattern NUMBERED = Pattern.compile("\\.\\d{1,4}(?=\\.|$)");

  private final Set<String> names = new LinkedHashSet<>();
  private final Set<String> sections = new LinkedHashSet<>();

  KnownKeys(List<Key> keys) {
    for (Key key : keys) {
      names.add(key.name());
      sections.add(section(key.name()));
    }
  }

  boolean has(String key) {
    return names.contains(general(key)) && !isGeneral(key);
  }

  /** Returns the name of a key of any table of a list, or the key. */
  private static String general(String key) {
    return NUMBERED.matcher(key).replaceFirst("." + NUMBER);
  }

  private static boolean isGeneral(String key) {
    return key.contains("." + NUMBER + ".");
  }

  /** Returns the list of tables that a key wants to be in without a number; empty: none. */
  private Optional<String> list(String key) {
    return names.stream()
        .filter(KnownKeys::isGeneral)
        .map(name -> name.substring(0, name.indexOf("." + NUMBER + ".")))
        .filter(list -> key.equals(list) || key.startsWith(list + "."))
        .filter(list -> !NUMBERED.matcher(key).find())
        .findFirst();
  }

  private boolean isList(String key) {
    return list(key).isPresent();
  }

  private boolean isTable(String key) {
    return names.stream().anyMatch(name -> name.startsWith(general(key) + "."));
  }

  /** What is wrong with a key of the input, if anything. */
  Optional<String> problem(String key, Object value) {
    boolean emptySection = value instanceof Map<?, ?>;
    if (has(key) || emptySection && (sections.contains(key) || isTable(key) && !isList(key))) {
      return Optional.empty();
    }
    Optional<String> list = list(key);
    if (list.isPresent()) {
      return Optional.of("must stand in a table of a list, [[" + list.get() + "]]");
    }
    if (sections.contains(key)) {
      return Optional.of("must be a section, [" + key + "]");
    }
    String nearest =
        names.stream().min(Comparator.comparingInt(name -> distance(key, name))).orElseThrow();
    if (Spelling.edits(last(key), last(nearest)) <= Spelling.TYPING_ERRORS) {
      return Optional.of("unknown key, did you mean " + numbered(nearest, key) + "?");
    }
    if (sections.contains(section(key))) {
      String table = isTable(table(key)) ? table(general(key)) : section(key);
      String siblings =
          names.stream()
              .filter(name -> table(name).equals(table))
              .map(KnownKeys::last)
              .collect(Collectors.joining(", "));
      return Optional.of("unknown key, [" + numbered(table, key) + "] takes " + siblings);
    }
    return Optional.of("unknown section, there are " + String.join(", ", sections));
  }

  /**
   * The last name weighs double: a key in the wrong section is nearer than another key of the right
   * one.
   */
  private static int distance(String key, String name) {
    return 2 * Spelling.edits(last(key), last(name))
        + Math.min(Spelling.edits(section(key), section(name)), 3);
  }

  private static String section(String key) {
    int dot = key.indexOf('.');
    return dot < 0 ? "" : key.substring(0, dot);
  }

  /** Returns what a key stands in: a section, or a table of a list. */
  private static String table(String key) {
    return key.substring(0, Math.max(0, key.lastIndexOf('.')));
  }

  /** Returns a general name with the number that a key has. */
  private static String numbered(String name, String key) {
    Matcher number = NUMBERED.matcher(key);
    return number.find() ? name.replaceFirst("\\." + NUMBER + "(?=\\.|$)", number.group()) : name;
  }

  private static String last(String key) {
    return key.substring(key.lastIndexOf('.') + 1);
  }
}
