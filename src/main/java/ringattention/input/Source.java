package ringattention.input;

import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where the values of a configuration come from, and every value it uses, defaults included. Made
 * by {@link Inputs}; later checks (of the ranks, of files) report through {@link #error}.
 */
public final class Source {
  private final String file;
  private final Set<String> overridden;
  private final Found found;
  private final Map<String, String> shown; // which key errors name in place of another
  private final Optional<Map<String, String>> stage; // how a stage names keys, where it does

  /** Where a value stands that the input leaves to a file of another key. */
  private record Borrowed(String key, String place) {}

  /** What readers of the input have found. */
  private static final class Found {
    private final Map<String, Object> used = new LinkedHashMap<>();
    private final Map<String, Borrowed> borrowed = new HashMap<>();
    private final Map<String, Object> replaced = new HashMap<>(); // values of a file, by key
    private final Set<String> remarks = new LinkedHashSet<>();
    private final Map<Trait, Set<String>> marked = new EnumMap<>(Trait.class);
    private final Set<String> defaults = new HashSet<>();
  }

  Source(String file, Set<String> overridden) {
    this(file, new TreeSet<>(overridden), new Found(), Map.of(), Optional.empty());
  }

  private Source(
      String file,
      Set<String> overridden,
      Found found,
      Map<String, String> shown,
      Optional<Map<String, String>> stage) {
    this.file = file;
    this.overridden = overridden;
    this.found = found;
    this.shown = shown;
    this.stage = stage;
  }

  /**
   * Returns a source of the same input for one of its stages, which names some keys its own way.
   */
  Source stage(Map<String, String> names) {
    return new Source(file, overridden, new Found(), shown, Optional.of(names));
  }

  /** Returns whether this is of one of the input's stages. */
  public boolean isStage() {
    return stage.isPresent();
  }

  /** Returns this source for readers of a key that errors are to name as another. */
  public Source naming(String key, String as) {
    Map<String, String> all = new HashMap<>(shown);
    all.put(key, as);
    return new Source(file, overridden, found, all, stage);
  }

  /** Returns the full key that errors name in place of another, or the key. */
  public String name(String key) {
    return shown.getOrDefault(key, key);
  }

  void use(String key, Object value) {
    found.used.put(key, value);
  }

  void assume(String name) {
    found.defaults.add(name);
  }

  boolean isBorrowed(String key) {
    return found.borrowed.containsKey(key);
  }

  /**
   * Returns the full keys that the input leaves to their defaults, or to a file that says the same.
   */
  public Set<String> defaults() {
    return Collections.unmodifiableSet(found.defaults);
  }

  void mark(String name, Trait trait) {
    found.marked.computeIfAbsent(trait, none -> new LinkedHashSet<>()).add(name);
  }

  /** Returns the full keys with a trait, and the names of sections whose keys all have it. */
  public Set<String> marked(Trait trait) {
    return Collections.unmodifiableSet(found.marked.getOrDefault(trait, Set.of()));
  }

  /**
   * Says that a value is not the input's own.
   *
   * @param from the key that names the file it comes from
   * @param place of the value there, e.g. {@code config.json: vocab_size}
   */
  void borrow(String key, String from, String place) {
    found.borrowed.put(key, new Borrowed(from, place));
  }

  /** Says that the input has another value than the file that another key names. */
  void replace(String key, Object before) {
    found.replaced.put(key, before);
  }

  /** Returns by full key what a file says where the input says otherwise, and may. */
  public Map<String, Object> replaced() {
    return Collections.unmodifiableMap(found.replaced);
  }

  /** Keeps what a reader should know of a file that gives keys their values. */
  void remark(String text) {
    found.remarks.add(text);
  }

  /** Returns what a reader should know of files that give keys their values, a line each. */
  public List<String> remarks() {
    return List.copyOf(found.remarks);
  }

  /** Whether a key has this value in the input, or in the file that it borrows from. */
  public boolean says(String key, Object value) {
    return value.equals(found.used.get(key));
  }

  /**
   * The exception for a used value that turned out wrong: {@code FILE: KEY = VALUE: PROBLEM}.
   *
   * @param key full dotted key, e.g. {@code data.path}
   * @param problem what is wrong or what is allowed, e.g. {@code no such file or folder}
   */
  public InputException error(String key, String problem) {
    String named = name(key);
    return error(named, found.used.get(named), problem);
  }

  /** Makes the exception of {@link #error(String, String)} for a value that is not in use. */
  public InputException error(String key, Object value, String problem) {
    if (found.borrowed.containsKey(key)) {
      Borrowed there = found.borrowed.get(key);
      return error(there.key(), there.place() + " = " + Toml.brief(value) + ": " + problem);
    }
    String name = stage.map(names -> names.getOrDefault(key, key)).orElse(key);
    String origin = overridden.contains(name) ? "-D " : file + ": ";
    return new InputException(origin + name + " = " + Toml.brief(value) + ": " + problem);
  }

  public InputException missing(String key, String allowed) {
    return new InputException(file + ": " + key + " is missing: " + allowed);
  }

  /** Returns every value in use by its full key. */
  Map<String, Object> used() {
    return found.used;
  }

  /** Every value in use as a TOML file, which read again gives the same configuration. */
  public String toml() {
    return toml(found.used);
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
