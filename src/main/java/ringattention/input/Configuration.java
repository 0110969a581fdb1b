package ringattention.input;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Everything a run is told, checked: a value of each section that the input has. */
public final class Configuration {
  private final Map<Section<?>, Object> values;
  private final Source source;
  private final Consumer<Configuration> rules;

  /**
   * @param source names the input in errors, and holds the values used
   * @param rules throw an {@link InputException} where sections do not go together
   */
  Configuration(Map<Section<?>, Object> values, Source source, Consumer<Configuration> rules) {
    this.values = new LinkedHashMap<>(values);
    this.source = source;
    this.rules = rules;
    rules.accept(this);
  }

  /** Returns what names the input in errors, and holds the values used. */
  public Source source() {
    return source;
  }

  /**
   * Returns every value in use of the stages of an input as one TOML file, which read again gives
   * the same stages.
   */
  public static String toml(List<Configuration> stages) {
    return Stages.toml(stages.stream().map(Configuration::source).toList());
  }

  /** Returns whether the input has a section. */
  public boolean has(Section<?> section) {
    return values.containsKey(section);
  }

  /**
   * Returns the value of a section.
   *
   * @throws InputException naming the first key that is missing if the input has no such section
   */
  @SuppressWarnings("unchecked") // a section's value is what the section reads
  public <T> T get(Section<T> section) {
    if (!has(section)) {
      throw source.missing(
          section.name() + "." + section.firstKey().orElseThrow(),
          "this command needs section [" + section.name() + "]");
    }
    return (T) values.get(section);
  }

  /** Returns the same with another value of a section; the source keeps what the input said. */
  public <T> Configuration with(Section<T> section, T value) {
    return change().set(section, value).done();
  }

  /** Returns changes of several sections, which need to go together only when all are made. */
  public Change change() {
    return new Change();
  }

  /** Other values of some sections. */
  public final class Change {
    private final Map<Section<?>, Object> changed = new LinkedHashMap<>(values);

    private Source from = source;

    private Change() {}

    public <T> Change set(Section<T> section, T value) {
      changed.put(section, value);
      return this;
    }

    /** Lets errors name a key as another, from which its value comes. */
    public Change naming(String key, String other) {
      from = from.naming(key, other);
      return this;
    }

    /** Returns the changed configuration. */
    public Configuration done() {
      return new Configuration(changed, from, rules);
    }
  }
}
