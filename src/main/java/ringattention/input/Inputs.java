package ringattention.input;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Reads input files. All errors are {@link InputException}s; the first one found is thrown. */
public final class Inputs {
  private static final int LARGEST = 16; // MiB

  private final List<Section<?>> sections;
  private final Map<String, Lender.Opener> lenders;
  private final Consumer<Configuration> rules;

  /**
   * @param sections all there are, in the order of the documentation
   * @param lenders by the full key that names their file
   * @param rules throw an {@link InputException} where sections do not go together
   */
  public Inputs(
      List<Section<?>> sections,
      Map<String, Lender.Opener> lenders,
      Consumer<Configuration> rules) {
    this.sections = List.copyOf(sections);
    this.lenders = Map.copyOf(lenders);
    this.rules = rules;
  }

  /**
   * Reads a TOML file.
   *
   * @param overrides {@code section.key=value}; the value is TOML, or else taken as text
   */
  public Configuration read(Path file, List<String> overrides) {
    return configure(file.toString(), parse(file), overrides);
  }

  /** Returns the configuration without an input file. */
  public Configuration defaults(List<String> overrides) {
    return configure("no input file", new LinkedHashMap<>(), overrides);
  }

  List<Section<?>> sections() {
    return sections;
  }

  /** Returns every key there is, in the order of the sections. */
  public List<Key> keys() {
    List<Key> keys = new ArrayList<>();
    bind(Map.of(), new Source("", Set.of()), keys, true);
    return keys;
  }

  private Configuration configure(String file, Map<String, Object> leaves, List<String> overrides) {
    Set<String> overridden = new LinkedHashSet<>();
    for (String override : overrides) {
      int equals = override.indexOf('=');
      if (equals < 1) {
        throw new InputException("-D " + override + ": must be key=value");
      }
      String key = override.substring(0, equals).strip();
      leaves.put(key, Toml.value(override.substring(equals + 1).strip()));
      overridden.add(key);
    }
    Source source = new Source(file, overridden);
    KnownKeys known = new KnownKeys(keys());
    leaves.forEach(
        (key, value) ->
            known
                .problem(key, value)
                .ifPresent(
                    problem -> {
                      throw source.error(key, value, problem);
                    }));
    return new Configuration(bind(leaves, source, new ArrayList<>(), false), source, rules);
  }

  private Map<Section<?>, Object> bind(
      Map<String, Object> leaves, Source source, List<Key> keys, boolean listing) {
    Table whole = new Table(leaves, source, keys, lenders, listing);
    Map<Section<?>, Object> values = new LinkedHashMap<>();
    for (Section<?> section : sections) {
      String name = section.name();
      boolean given =
          leaves.keySet().stream().anyMatch(key -> key.equals(name) || key.startsWith(name + "."));
      section.traits().forEach(trait -> source.mark(name, trait));
      if (given || listing || section.firstKey().isEmpty()) {
        values.put(section, section.read(whole.of(section)));
      }
    }
    return values;
  }

  private static Map<String, Object> parse(Path file) {
    try {
      return Toml.parse(BoundedFile.text(file, LARGEST));
    } catch (JacksonException syntax) {
      int line = syntax.getLocation() == null ? 1 : syntax.getLocation().getLineNr();
      String reason = syntax.getOriginalMessage().lines().findFirst().orElse("cannot be parsed");
      throw new InputException(file + ": line " + line + ": not valid TOML: " + reason);
    } catch (NoSuchFileException missing) {
      throw new InputException(file + ": no such file");
    } catch (CharacterCodingException notText) {
      throw new InputException(file + ": must be UTF-8 text");
    } catch (BoundedFile.TooLargeException large) {
      throw new InputException(file + ": " + large.getMessage());
    } catch (IOException unreadable) {
      throw new InputException(file + ": cannot be read: must be a readable file");
    }
  }
}
