package ringattention.input;

import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where the values of a configuration come from, and every value it uses, defaults included. Made
 * by {@link Inputs}; later checks (of the ranks, of files) report through {@link #error}.
 */
public final class Source {
  private final String file;
  private final Set<String> overridden;
  private final Map<String, Object> used;
  private final Map<String, Borrowed> borrowed;
  private final Map<String, Object> replaced; // values of a file, by key
  private final Map<Trait, Set<String>> marked;
  private final Set<String> defaults;
  private final Map<String, String> shown; // which key errors name in place of another
  private final Map<String, String> written; // how the input names a key, where it is another name

  /** Where a value stands that the input leaves to a file of another key. */
  private record Borrowed(String key, String place) {}

  Source(String file, Set<String> overridden) {
    this(
        file,
        new TreeSet<>(overridden),
        new LinkedHashMap<>(),
        new HashMap<>(),
        new HashMap<>(),
        new EnumMap<>(Trait.class),
        new HashSet<>(),
        Map.of(),
        Map.of());
  }

  private Source(
      String file,
      Set<String> overridden,
      Map<String, Object> used,
      Map<String, Borrowed> borrowed,
      Map<String, Object> replaced,
      Map<Trait, Set<String>> marked,
      Set<String> defaults,
      Map<String, String> shown,
      Map<String, String> written) {
    this.file = file;
    this.overridden = overridden;
    this.used = used;
    this.borrowed = borrowed;
    this.replaced = replaced;
    this.marked = marked;
    this.defaults = defaults;
    this.shown = shown;
    this.written = written;
  }

  /**
   * Returns a source of the same input for one of its stages, which names some keys its own way.
   */
  Source stage(Map<String, String> names) {
    return new Source(
        file,
        overridden,
        new LinkedHashMap<>(),
        new HashMap<>(),
        new HashMap<>(),
        new EnumMap<>(Trait.class),
        new HashSet<>(),
        shown,
        names);
  }

  /** Returns this source for readers of a key that errors are to name as another. */
  public Source naming(String key, String as) {
    return new Source(
        file, overridden, used, borrowed, replaced, marked, defaults, Map.of(key, as), written);
  }

  void use(String key, Object value) {
    used.put(key, value);
  }

  void assume(String name) {
    defaults.add(name);
  }

  /** Returns the full keys that the input leaves to their defaults. */
  public Set<String> defaults() {
    return Collections.unmodifiableSet(defaults);
  }

  void mark(String name, Trait trait) {
    marked.computeIfAbsent(trait, none -> new LinkedHashSet<>()).add(name);
  }

  /** Returns the full keys with a trait, and the names of sections whose keys all have it. */
  public Set<String> marked(Trait trait) {
    return Collections.unmodifiableSet(marked.getOrDefault(trait, Set.of()));
  }

  /**
   * Says that a value is not the input's own.
   *
   * @param from the key that names the file it comes from
   * @param place of the value there, e.g. {@code config.json: vocab_size}
   */
  void borrow(String key, String from, String place) {
    borrowed.put(key, new Borrowed(from, place));
  }

  /** Says that the input has another value than the file that another key names. */
  void replace(String key, Object before) {
    replaced.put(key, before);
  }

  /** Returns by full key what a file says where the input says otherwise, and may. */
  public Map<String, Object> replaced() {
    return Collections.unmodifiableMap(replaced);
  }

  /** Whether a key has this value in the input, or in the file that it borrows from. */
  public boolean says(String key, Object value) {
    return value.equals(used.get(key));
  }

  /**
   * The exception for a used value that turned out wrong: {@code FILE: KEY = VALUE: PROBLEM}.
   *
   * @param key full dotted key, e.g. {@code data.path}
   * @param problem what is wrong or what is allowed, e.g. {@code no such file or folder}
   */
  public InputException error(String key, String problem) {
    String named = shown.getOrDefault(key, key);
    return error(named, used.get(named), problem);
  }

  /** Makes the exception of {@link #error(String, String)} for a value that is not in use. */
  public InputException error(String key, Object value, String problem) {
    if (borrowed.containsKey(key)) {
      Borrowed there = borrowed.get(key);
      return error(there.key(), there.place() + " = " + Toml.brief(value) + ": " + problem);
    }
    String name = written.getOrDefault(key, key);
    String origin = overridden.contains(name) ? "-D " : file + ": ";
    return new InputException(origin + name + " = " + Toml.brief(value) + ": " + problem);
  }

  public InputException missing(String key, String allowed) {
    return new InputException(file + ": " + key + " is missing: " + allowed);
  }

  /** Returns every value in use by its full key. */
  Map<String, Object> used() {
    return used;
  }

  /** Every value in use as a TOML file, which read again gives the same configuration. */
  public String toml() {
    return toml(used);
  }

  static String toml(Map<String, Object> used) {
    StringBuilder text = new StringBuilder("# every input of the run, defaults included\n");
    String section = "";
    for (Map.Entry<String, Object> entry : used.entrySet()) {
      int dot = entry.getKey().indexOf('.');
      String next = entry.getKey().substring(0, dot);
      if (!next.equals(section)) {
        section = next;
        text.append("\n[").append(section).append("]\n");
      }
      String value = Toml.write(entry.getValue());
      text.append(entry.getKey().substring(dot + 1)).append(" = ").append(value).append('\n');
    }
    return text.toString();
  }
}
