package ringattention.input;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * One section of an input file. Its owner declares it beside the record that it is read as, and
 * adds it to the list of all sections; nothing else knows it.
 *
 * @param <T> what the section is read as
 */
public final class Section<T> {
  private final String name;
  private final Optional<String> firstKey;
  private final Function<Table, T> reader;
  private final Set<Trait> traits;

  private Section(
      String name, Optional<String> firstKey, Function<Table, T> reader, Set<Trait> traits) {
    this.name = name;
    this.firstKey = firstKey;
    this.reader = reader;
    this.traits = traits;
  }

  /** Returns a section whose keys all have defaults, so that it is always there. */
  public static <T> Section<T> of(String name, Function<Table, T> reader) {
    return new Section<>(name, Optional.empty(), reader, EnumSet.noneOf(Trait.class));
  }

  /**
   * Returns a section with required keys. It is absent if the input gives none of its keys; a
   * command that asks for it then gets the error that its first key is missing.
   */
  public static <T> Section<T> required(String name, String firstKey, Function<Table, T> reader) {
    return new Section<>(name, Optional.of(firstKey), reader, EnumSet.noneOf(Trait.class));
  }

  /** Returns the section with a trait that all its keys have. */
  public Section<T> marked(Trait trait) {
    return new Section<>(name, firstKey, reader, EnumSet.of(trait));
  }

  /** Returns the name in brackets. */
  public String name() {
    return name;
  }

  Optional<String> firstKey() {
    return firstKey;
  }

  Set<Trait> traits() {
    return traits;
  }

  T read(Table table) {
    return reader.apply(table);
  }
}
