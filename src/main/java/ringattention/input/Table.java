package ringattention.input;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * Typed, checked reads of one section. What is read is remembered: as known keys, and in the {@link
 * Source} as used values.
 */
public final class Table {
  private final String section;
  private final Map<String, Object> leaves;
  private final Source source;
  private final List<Key> keys;
  private final Map<String, Lender.Opener> lenders;
  private final boolean listing;
  private final Set<Trait> traits;
  private final String ignored; // null, or why keys are not read

  private Table(
      Table other, String section, Map<String, Object> leaves, Set<Trait> traits, String ignored) {
    this.section = section;
    this.leaves = leaves;
    this.source = other.source;
    this.keys = other.keys;
    this.lenders = other.lenders;
    this.listing = other.listing;
    this.traits = traits;
    this.ignored = ignored;
  }

  /**
   * @param leaves all values of the file by full key
   * @param keys gets every key that is read
   * @param lenders by the full key that names their file
   * @param listing answers with examples where required keys are missing
   */
  Table(
      Map<String, Object> leaves,
      Source source,
      List<Key> keys,
      Map<String, Lender.Opener> lenders,
      boolean listing) {
    this.section = "";
    this.leaves = leaves;
    this.source = source;
    this.keys = keys;
    this.lenders = lenders;
    this.listing = listing;
    this.traits = Set.of();
    this.ignored = null;
  }

  Table of(Section<?> other) {
    return new Table(this, other.name(), leaves, other.traits(), null);
  }

  /** Returns the same table for the read of a key that has such traits. */
  public Table marked(Trait first, Trait... more) {
    return new Table(this, section, leaves, EnumSet.of(first, more), ignored);
  }

  /**
   * Returns the same table for the read of keys that count only under a condition. Where it does
   * not hold, one that is given is refused, and the default, or the example, is returned and is not
   * among the values in use.
   *
   * @param otherwise why it may not be given
   */
  public Table onlyIf(boolean counts, String otherwise) {
    return new Table(this, section, leaves, traits, counts ? null : otherwise);
  }

  public int integer(String key, Range range, Default<Integer> otherwise) {
    String name = section + "." + key;
    if (leaves.get(name) instanceof Long large) {
      throw source.error(name, large, "must be a whole number below 2^31");
    }
    return read(key, Kind.integer(range), otherwise);
  }

  /** A whole number without a default. */
  public OptionalInt optionalInteger(String key, Range range) {
    return has(key, Kind.integer(range))
        ? OptionalInt.of(integer(key, range, new Default<>(null, "none", null)))
        : OptionalInt.empty();
  }

  public long longInteger(String key, Range range, Default<Long> otherwise) {
    return read(key, Kind.longInteger(range), otherwise);
  }

  public double number(String key, Range range, Default<Double> otherwise) {
    return read(key, Kind.number(range), otherwise);
  }

  /**
   * A number that is computed with in fp32: what is allowed of it is allowed of its rounded value,
   * and a number other than 0 does not become 0. One rule for all devices, whatever they compute
   * in.
   */
  public double single(String key, Range range, Default<Double> otherwise) {
    double value = number(key, range, otherwise);
    float rounded = (float) value;
    boolean holds = value == 0 || Math.abs(rounded) >= Float.MIN_NORMAL;
    require(
        holds && Float.isFinite(rounded) && range.accepts().test(rounded),
        key,
        "must be a number, " + range.text() + ", also in fp32, which holds 1.2e-38 to 3.4e38");
    return value;
  }

  public boolean flag(String key, Default<Boolean> otherwise) {
    return read(key, Kind.FLAG, otherwise);
  }

  public String text(String key, Default<String> otherwise) {
    return read(key, Kind.TEXT, otherwise);
  }

  /** A text without a default. */
  public Optional<String> optionalText(String key) {
    return has(key, Kind.TEXT)
        ? Optional.of(text(key, new Default<>(null, "none", null)))
        : Optional.empty();
  }

  /** A path without a default. */
  public Optional<Path> optionalPath(String key) {
    return has(key, Kind.TEXT)
        ? Optional.of(path(key, new Default<>(null, "none", null)))
        : Optional.empty();
  }

  public Path path(String key, Default<String> otherwise) {
    String path = text(key, otherwise);
    require(path.indexOf('\0') < 0, key, "must not contain a zero byte");
    try {
      return Path.of(path);
    } catch (InvalidPathException unmappable) {
      throw error(key, "must be a path of this system: " + unmappable.getReason());
    }
  }

  public <E extends Enum<E>> E choice(String key, Class<E> type, Default<E> otherwise) {
    return read(key, Kind.choice(type), otherwise);
  }

  /** A choice without a default. */
  public <E extends Enum<E>> Optional<E> optionalChoice(String key, Class<E> type) {
    return has(key, Kind.choice(type))
        ? Optional.of(choice(key, type, new Default<>(null, "none", null)))
        : Optional.empty();
  }

  public List<Integer> integers(String key, Range range, Default<List<Integer>> otherwise) {
    return read(key, Kind.integer(range).some(), otherwise);
  }

  /** A list that may be empty, and is by default. */
  public List<Integer> integersOrNone(String key, Range range) {
    return read(key, Kind.integer(range).any(), Default.list());
  }

  public List<Long> longIntegers(String key, Range range, Default<List<Long>> otherwise) {
    return read(key, Kind.longInteger(range).some(), otherwise);
  }

  public List<Double> numbers(String key, Range range, Default<List<Double>> otherwise) {
    return read(key, Kind.number(range).some(), otherwise);
  }

  public <E extends Enum<E>> List<E> choiceList(
      String key, Class<E> type, Default<List<E>> otherwise) {
    return read(key, Kind.choice(type).some(), otherwise);
  }

  /** A list that may be empty, and is by default. */
  public <E extends Enum<E>> List<E> choicesOrNone(String key, Class<E> type) {
    return read(key, Kind.choice(type).any(), Default.list());
  }

  /** A list that may be empty. */
  public List<String> texts(String key, Default<List<String>> otherwise) {
    return read(key, Kind.TEXT.any(), otherwise);
  }

  /** Reads the tables of a {@link TableList}, each like a section; none if there are none. */
  public <T> List<T> tables(String name, Function<Table, T> reader) {
    List<T> read = new ArrayList<>();
    for (String table : listing ? List.of(TableList.NUMBER) : tables(name)) {
      String each = section + "." + name + "." + table;
      read.add(reader.apply(new Table(this, each, leaves, traits, ignored)));
    }
    return listing ? List.of() : read;
  }

  /** Returns the numbers of the tables of a list, from 1 on. */
  public List<String> tables(String name) {
    return TableList.numbers(leaves, section + "." + name, source);
  }

  /** A list that may be empty, and is by default, of texts that may be white space. */
  public List<String> wordings(String key) {
    return read(key, Kind.WORDING.any(), Default.list());
  }

  /** A list of numbers that are not negative, and texts; what it means when empty is told. */
  public List<Object> numbersOrTexts(String key, String emptyText) {
    return read(key, Kind.NUMBER_OR_WORDING.any(), Default.derived(List.of(), emptyText));
  }

  /** Whether the input has this key. */
  public boolean gives(String key) {
    return leaves.containsKey(section + "." + key);
  }

  /**
   * Returns this section with the values of a file that it names.
   *
   * @param key that names it
   * @throws InputException if the input gives one of them another value that it may not replace
   */
  public Table lent(String key, Path path) {
    String from = section + "." + key;
    Lender lender = lenders.get(from).open(path, problem -> error(key, problem));
    Map<String, Object> all = new Lending(section, from, lender, source).to(leaves);
    return new Table(this, section, all, traits, ignored);
  }

  /** The exception for a value that was read. */
  public InputException error(String key, String problem) {
    return source.error(section + "." + key, problem);
  }

  /** Throws unless the value read under the key stands in this relation to others. */
  public void require(boolean holds, String key, String allowed) {
    if (!holds) {
      throw source.error(section + "." + key, allowed);
    }
  }

  /** Throws if the key has this value, which must have a reason. */
  public void refuse(String key, String value, String why) {
    String name = section + "." + key;
    if (value.equals(leaves.get(name))) {
      throw source.error(name, value, why);
    }
  }

  /** Returns whether the input has a key that has no default. */
  private boolean has(String key, Kind<?> kind) {
    String name = section + "." + key;
    if (!leaves.containsKey(name)) {
      keys.add(new Key(name, kind.name(), "none", kind.allowed()));
    }
    return leaves.containsKey(name);
  }

  private <T> T read(String key, Kind<T> kind, Default<T> otherwise) {
    String name = section + "." + key;
    keys.add(new Key(name, kind.name(), otherwise.text(), kind.allowed()));
    if (ignored != null) {
      if (leaves.containsKey(name)) {
        throw source.error(name, leaves.get(name), ignored);
      }
      return otherwise.value() == null ? otherwise.example() : otherwise.value();
    }
    T value;
    if (leaves.containsKey(name)) {
      value = kind.convert().apply(leaves.get(name));
      if (value == null) {
        throw source.error(name, leaves.get(name), kind.must());
      }
      if (value.equals(otherwise.value()) && source.isBorrowed(name)) {
        source.assume(name);
      }
    } else {
      value = otherwise.value() == null && listing ? otherwise.example() : otherwise.value();
      if (value == null) {
        throw source.missing(name, kind.must());
      }
      source.assume(name);
    }
    source.use(name, value);
    traits.forEach(trait -> source.mark(name, trait));
    return value;
  }
}
