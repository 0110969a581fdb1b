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
  private final Set<String> names = new LinkedHashSet<>();
  private final Set<String> sections = new LinkedHashSet<>();

  KnownKeys(List<Key> keys) {
    for (Key key : keys) {
      names.add(key.name());
      sections.add(section(key.name()));
    }
  }

  boolean has(String key) {
    return names.contains(TableList.general(key)) && !TableList.isGeneral(key);
  }

  /** Returns the list of tables that a key wants to be in without a number; empty: none. */
  private Optional<String> list(String key) {
    return TableList.isNumbered(key)
        ? Optional.empty()
        : names.stream()
            .filter(TableList::isGeneral)
            .map(TableList::list)
            .filter(list -> key.equals(list) || key.startsWith(list + "."))
            .findFirst();
  }

  private boolean isList(String key) {
    return list(key).isPresent();
  }

  private boolean isTable(String key) {
    return names.stream().anyMatch(name -> name.startsWith(TableList.general(key) + "."));
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
      return Optional.of("unknown key, did you mean " + TableList.numbered(nearest, key) + "?");
    }
    if (sections.contains(section(key))) {
      String table = isTable(table(key)) ? table(TableList.general(key)) : section(key);
      String siblings =
          names.stream()
              .filter(name -> table(name).equals(table))
              .map(KnownKeys::last)
              .collect(Collectors.joining(", "));
      return Optional.of("unknown key, [" + TableList.numbered(table, key) + "] takes " + siblings);
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

  private static String last(String key) {
    return key.substring(key.lastIndexOf('.') + 1);
  }
}
