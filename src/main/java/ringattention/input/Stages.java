package ringattention.input;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The stages of an input, tables {@code [[stage]]}: each is the input with some of its keys
 * changed. A stage names a key with its section, as {@code data.path}; those of some sections need
 * none. A value of {@code -D} precedes the stages of the file; {@code -D stage.2.steps=9} is of one
 * stage and precedes both.
 */
final class Stages {
  private static final String NAME = "stage";

  /**
   * One stage.
   *
   * @param values by full key
   * @param written how the input names those keys, such as {@code stage.2.steps}
   */
  record Stage(Map<String, Object> values, Map<String, String> written) {}

  private final KnownKeys known;
  private final List<String> plain;
  private final Source source;
  private final int count;

  /**
   * @param plain sections whose keys need not name them
   * @param count of the tables in the file
   */
  Stages(KnownKeys known, List<String> plain, Source source, int count) {
    this.known = known;
    this.plain = plain;
    this.source = source;
    this.count = count;
  }

  /** Returns how many stages the values of a file have. */
  static int count(Map<String, Object> leaves) {
    int count = 0;
    while (has(leaves, NAME + "." + (count + 1))) {
      count++;
    }
    return count;
  }

  private static boolean has(Map<String, Object> leaves, String table) {
    return leaves.keySet().stream()
        .anyMatch(key -> key.equals(table) || key.startsWith(table + "."));
  }

  /**
   * Takes the stages out of an input.
   *
   * @param leaves of the whole input, with the values of {@code -D}
   * @param overridden the keys that {@code -D} gives
   * @return in their order; empty if there is none
   * @throws InputException naming the first key that is none
   */
  List<Stage> take(Map<String, Object> leaves, Set<String> overridden) {
    TreeMap<Integer, Stage> found = new TreeMap<>();
    Iterator<Map.Entry<String, Object>> all = leaves.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<String, Object> leaf = all.next();
      if (leaf.getKey().equals(NAME) || leaf.getKey().startsWith(NAME + ".")) {
        add(leaf.getKey(), leaf.getValue(), overridden, found);
        all.remove();
      }
    }
    return new ArrayList<>(found.values());
  }

  private void add(String key, Object value, Set<String> overridden, Map<Integer, Stage> found) {
    String[] parts = key.split("\\.", 3);
    if (parts.length < 2 || !parts[1].matches("\\d{1,4}")) {
      throw source.error(key, value, "must stand in a table of a list, [[stage]]");
    }
    int number = Integer.parseInt(parts[1]);
    if (number < 1 || number > count) { // of -D
      throw source.error(key, value, "there is no such [[stage]]: they are counted from 1");
    }
    Stage stage =
        found.computeIfAbsent(
            number, none -> new Stage(new LinkedHashMap<>(), new LinkedHashMap<>()));
    if (parts.length == 2) { // a table without keys
      return;
    }
    String full = full(parts[2]);
    known
        .problem(full, value)
        .ifPresent(
            problem -> {
              throw source.error(key, value, problem);
            });
    boolean asked = overridden.contains(key);
    if (overridden.contains(full) && !asked) {
      return;
    }
    String before = stage.written().get(full);
    if (before != null && !overridden.contains(before) && !asked) {
      throw source.error(key, value, "is " + before + " too");
    }
    stage.values().put(full, value);
    stage.written().put(full, key);
  }

  private String full(String key) {
    return plain.stream()
        .map(section -> section + "." + key)
        .filter(known::has)
        .findFirst()
        .orElse(key);
  }

  /**
   * Returns every value in use of all stages as one TOML file, which read again gives the same
   * configurations.
   */
  static String toml(List<Source> stages) {
    Set<String> keys = new LinkedHashSet<>();
    stages.forEach(stage -> keys.addAll(stage.used().keySet()));
    Map<String, Object> common = new LinkedHashMap<>();
    for (String key : keys) {
      Object value = stages.get(0).used().get(key);
      if (stages.stream().allMatch(stage -> stage.used().containsKey(key))
          && stages.stream().allMatch(stage -> stage.used().get(key).equals(value))) {
        common.put(key, value);
      }
    }
    StringBuilder text = new StringBuilder(Source.toml(common));
    for (Source stage : stages) {
      text.append("\n[[").append(NAME).append("]]\n");
      stage
          .used()
          .forEach(
              (key, value) -> {
                if (!common.containsKey(key)) {
                  text.append(key).append(" = ").append(Toml.write(value)).append('\n');
                }
              });
    }
    return text.toString();
  }
}
