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
import java.util.function.IntFunction;

/** Reads input files. All errors are {@link InputException}s; the first one found is thrown. */
public final class Inputs {
  private static final int LARGEST = 16; // MiB

  private final List<Section<?>> sections;
  private final Map<String, Lender.Opener> lenders;
  private final Consumer<Configuration> rules;
  private final List<String> plainInStages;

  /**
   * @param sections all there are, in the order of the documentation
   * @param lenders by the full key that names their file
   * @param rules throw an {@link InputException} where sections do not go together
   * @param plainInStages sections whose keys need not name them in a {@code [[stage]]}
   */
  public Inputs(
      List<Section<?>> sections,
      Map<String, Lender.Opener> lenders,
      Consumer<Configuration> rules,
      List<String> plainInStages) {
    this.sections = List.copyOf(sections);
    this.lenders = Map.copyOf(lenders);
    this.rules = rules;
    this.plainInStages = List.copyOf(plainInStages);
  }

  /**
   * Reads a TOML file; of one with stages, the last.
   *
   * @param overrides {@code section.key=value}; the value is TOML, or else taken as text
   */
  public Configuration read(Path file, List<String> overrides) {
    return last(stages(file, overrides, stage -> Map.of()));
  }

  /**
   * Reads the stages of a TOML file.
   *
   * @param overrides as in {@link #read}
   * @param further values by full key that precede those of a stage, counted from 1
   * @return one for each {@code [[stage]]}; one if there is none
   */
  public List<Configuration> stages(
      Path file, List<String> overrides, IntFunction<Map<String, Object>> further) {
    return configure(file.toString(), parse(file), overrides, further);
  }

  /**
   * Reads values that a run has used.
   *
   * @param file that errors name
   */
  public Configuration read(Path file, UsedInputs used, List<String> overrides) {
    Map<String, Object> values = new LinkedHashMap<>(used.values());
    return last(configure(file.toString(), values, overrides, stage -> Map.of()));
  }

  /** Returns the configuration without an input file. */
  public Configuration defaults(List<String> overrides) {
    return last(configure("no input file", new LinkedHashMap<>(), overrides, stage -> Map.of()));
  }

  private static Configuration last(List<Configuration> stages) {
    return stages.get(stages.size() - 1);
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

  private List<Configuration> configure(
      String file,
      Map<String, Object> leaves,
      List<String> overrides,
      IntFunction<Map<String, Object>> further) {
    int count = Stages.count(leaves);
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
    List<Stages.Stage> stages =
        new Stages(known, plainInStages, source, count).take(leaves, overridden);
    leaves.forEach(
        (key, value) ->
            known
                .problem(key, value)
                .ifPresent(
                    problem -> {
                      throw source.error(key, value, problem);
                    }));
    if (stages.isEmpty()) {
      leaves.putAll(further.apply(1));
      return List.of(configuration(leaves, source));
    }
    List<Configuration> configurations = new ArrayList<>();
    for (Stages.Stage stage : stages) {
      Map<String, Object> all = new LinkedHashMap<>(leaves);
      all.putAll(stage.values());
      all.putAll(further.apply(configurations.size() + 1));
      configurations.add(configuration(all, source.stage(stage.written())));
      requireSameShape(configurations.get(0).source(), last(configurations).source());
    }
    return configurations;
  }

  private Configuration configuration(Map<String, Object> leaves, Source source) {
    return new Configuration(bind(leaves, source, new ArrayList<>(), false), source, rules);
  }

  /** A stage goes on with the weights of the one before. */
  private static void requireSameShape(Source first, Source stage) {
    for (String key : stage.marked(Trait.SHAPE)) {
      if (!stage.says(key, first.used().get(key))) {
        throw stage.error(
            key, "must be " + Toml.write(first.used().get(key)) + ", as in the first stage");
      }
    }
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
      return Toml.parse(BoundedFile.text(file, LARGEST).replaceFirst("^\ufeff", ""));
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
