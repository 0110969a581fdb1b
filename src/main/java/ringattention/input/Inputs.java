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
import java.util.function.Function;

/** Reads input files. All errors are {@link InputException}s; the first one found is thrown. */
public final class Inputs {
  private static final int LARGEST = 16; // MiB

  private Inputs() {}

  /**
   * Reads a TOML file.
   *
   * @param overrides {@code section.key=value}; the value is TOML, or else taken as text
   */
  public static Configuration read(Path file, List<String> overrides) {
    return configure(file.toString(), parse(file), overrides);
  }

  /** The configuration without an input file. */
  public static Configuration defaults(List<String> overrides) {
    return configure("no input file", new LinkedHashMap<>(), overrides);
  }

  /** Every key there is, in the order of the sections. */
  public static List<Key> keys() {
    List<Key> keys = new ArrayList<>();
    bind(Map.of(), new Source("", Set.of()), keys, true);
    return keys;
  }

  private static Configuration configure(
      String file, Map<String, Object> leaves, List<String> overrides) {
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
    return bind(leaves, source, new ArrayList<>(), false);
  }

  private static Configuration bind(
      Map<String, Object> leaves, Source source, List<Key> keys, boolean listing) {
    Function<String, Table> table = section -> new Table(section, leaves, source, keys, listing);
    Function<String, Boolean> given =
        section ->
            listing
                || leaves.keySet().stream()
                    .anyMatch(key -> key.equals(section) || key.startsWith(section + "."));
    return new Configuration(
        given.apply("model") ? ModelConfig.read(table.apply("model")) : null,
        AttentionConfig.read(table.apply("attention")),
        FeedForwardConfig.read(table.apply("feedForward")),
        LossHeadConfig.read(table.apply("lossHead")),
        ParallelConfig.read(table.apply("parallel")),
        MemoryConfig.read(table.apply("memory")),
        given.apply("train") ? TrainConfig.read(table.apply("train")) : null,
        given.apply("data") ? DataConfig.read(table.apply("data")) : null,
        ValidationConfig.read(table.apply("validation")),
        CheckpointConfig.read(table.apply("checkpoint")),
        DeviceConfig.read(table.apply("device")),
        ValidateConfig.read(table.apply("validate")),
        BenchAttentionConfig.read(table.apply("benchAttention")),
        BenchKernelsConfig.read(table.apply("benchKernels")),
        BenchRingConfig.read(table.apply("benchRing")),
        BenchTrainingConfig.read(table.apply("benchTraining")),
        BenchContextConfig.read(table.apply("benchContext")),
        BenchMfuConfig.read(table.apply("benchMfu")),
        BenchOverlapConfig.read(table.apply("benchOverlap")),
        BenchMemoryConfig.read(table.apply("benchMemory")),
        BenchScalingConfig.read(table.apply("benchScaling")),
        TimeoutConfig.read(table.apply("timeout")),
        FaultConfig.read(table.apply("fault")),
        OutputConfig.read(table.apply("output")),
        source);
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
