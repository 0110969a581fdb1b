package ringattention.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import ringattention.checkpoint.Checkpoint;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.checkpoint.ContentPart;
import ringattention.data.DataConfig;
import ringattention.data.DataFormat;
import ringattention.data.DataSources;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Trait;
import ringattention.input.UsedInputs;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.plan.TrainConfig;
import ringattention.run.SharedParts;
import ringattention.run.Version;

/**
 * Compares a run with the one it goes on from.
 *
 * @param contents what this run learns from, by {@link ContentPart}
 * @param ranks of this run
 */
public record ResumeComparison(Configuration configuration, SharedParts contents, int ranks) {
  private static final String NO_DECAY = "train.noDecay";

  /**
   * Demands the inputs of a run's folder, if it has any.
   *
   * @param places whether to compare the places of files, and nothing else: they are compared where
   *     no checkpoint says what the files held
   * @throws InputException naming the first key that is not the same
   */
  void requireSameInputs(Path folder, boolean places) {
    Path file = folder.resolve("used_inputs.toml");
    if (!Files.exists(file)) {
      return;
    }
    UsedInputs before;
    try {
      before = UsedInputs.of(Files.readString(file));
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read");
    }
    Set<String> free = configuration.source().marked(Trait.FREE);
    for (String key :
        before.changed(UsedInputs.of(configuration.source().toml()), notCompared(before))) {
      Optional<ContentPart> part = part(key);
      boolean accepted = part.isPresent() && accepts(part.get().toString());
      if (part.isPresent() == places && !accepted && !free.contains(key)) {
        throw configuration
            .source()
            .error(key, "must be " + before.text(key) + " to resume, as in " + file);
      }
    }
  }

  /**
   * Returns sections and keys that have no say in the numbers, and keys that the program did not
   * have yet when the other run was made: their defaults are what it did.
   */
  private Set<String> notCompared(UsedInputs before) {
    Set<String> keys = new HashSet<>(configuration.source().marked(Trait.ASIDE));
    configuration.source().defaults().stream()
        .filter(key -> !before.values().containsKey(key))
        .forEach(keys::add);
    if (sameDecay(before)) {
      keys.add(NO_DECAY);
    }
    return keys;
  }

  /** Whether both name the same parameters of this model, in whatever words. */
  private boolean sameDecay(UsedInputs before) {
    if (!(before.values().get(NO_DECAY) instanceof List<?> parts)) {
      return false;
    }
    TrainConfig train = configuration.get(TrainConfig.SECTION);
    return LlamaParameters.groups(configuration.get(ModelConfig.SECTION)).stream()
        .flatMap(group -> group.parameters().stream())
        .allMatch(
            parameter ->
                train.decays(parameter)
                    == parts.stream().noneMatch(part -> parameter.name().contains("" + part)));
  }

  /**
   * Demands a checkpoint that this run can go on from.
   *
   * @throws InputException if it is of another model, is ahead of this run, or the run learned from
   *     something else that the input does not accept
   */
  void require(Checkpoint checkpoint) {
    requireShape(configuration, checkpoint);
    String where = " in checkpoint " + checkpoint.folder();
    long step = checkpoint.position().step();
    if (configuration.get(TrainConfig.SECTION).steps() < step) {
      throw configuration
          .source()
          .error("train.steps", "must be at least " + step + ", the step" + where);
    }
    requireContents(checkpoint);
  }

  /**
   * Demands a checkpoint of a model with such weights.
   *
   * @throws InputException naming the first key that differs
   */
  public static void requireShape(Configuration configuration, Checkpoint checkpoint) {
    UsedInputs before = checkpoint.inputs();
    UsedInputs now = UsedInputs.of(configuration.source().toml());
    String where = " in checkpoint " + checkpoint.folder();
    for (String key : configuration.source().marked(Trait.SHAPE)) {
      boolean added =
          configuration.source().defaults().contains(key) && !before.values().containsKey(key);
      if (!added && !before.text(key).equals(now.text(key))) {
        throw configuration.source().error(key, "must be " + before.text(key) + ", as" + where);
      }
    }
  }

  private void requireContents(Checkpoint checkpoint) {
    Map<String, String> refused = new LinkedHashMap<>(differences(checkpoint));
    refused.keySet().removeIf(part -> accepts(part) || contents.lacks(part));
    if (refused.isEmpty()) {
      return;
    }
    ContentPart first =
        Arrays.stream(ContentPart.values())
            .filter(part -> refused.containsKey(part.toString()))
            .findFirst()
            .orElseThrow();
    String names =
        refused.keySet().stream()
            .map(part -> "\"" + part + "\"")
            .collect(Collectors.joining(", ", "[", "]"));
    throw configuration
        .source()
        .error(
            key(first, checkpoint),
            SharedParts.text(refused)
                + " not as in checkpoint "
                + checkpoint.folder()
                + "; checkpoint.accept = "
                + names
                + " goes on with what there is now");
  }

  /**
   * Returns the key that says where a part comes from; what is made has no path. Of several sources
   * it is that of the first that is not as in the checkpoint.
   */
  private String key(ContentPart part, Checkpoint checkpoint) {
    if (part != ContentPart.CORPUS || !configuration.has(DataConfig.SECTION)) {
      return part.key();
    }
    DataConfig data = configuration.get(DataConfig.SECTION);
    Map<String, String> now = contents.values().getOrDefault(part.toString(), Map.of());
    Map<String, String> before = checkpoint.contents().getOrDefault(part.toString(), Map.of());
    for (int number = 1; number <= data.sources().size(); number++) {
      String name = DataSources.name(number);
      if (!Objects.equals(now.get(name), before.get(name))) {
        return "data.source." + number + ".path";
      }
    }
    if (!data.sources().isEmpty()) {
      return "data.source.1.path"; // one that was behind the last is not there now
    }
    return data.format() == DataFormat.LINES ? "data.format" : part.key();
  }

  /** Returns what is not as it was in the parts that a checkpoint says something of. */
  private Map<String, String> differences(Checkpoint checkpoint) {
    return checkpoint.contents().isEmpty()
        ? Map.of()
        : contents.differences(new SharedParts(checkpoint.contents()));
  }

  private boolean accepts(String part) {
    return configuration.get(CheckpointConfig.SECTION).accept().stream()
        .anyMatch(accepted -> accepted.toString().equals(part));
  }

  private static Optional<ContentPart> part(String key) {
    return Arrays.stream(ContentPart.values()).filter(part -> part.isSaidBy(key)).findFirst();
  }

  /** Returns lines for the log: what is not as it was. */
  List<String> lines(Checkpoint checkpoint) {
    UsedInputs now = UsedInputs.of(configuration.source().toml());
    UsedInputs before = checkpoint.inputs();
    List<String> all = new ArrayList<>(before.changes(now, notCompared(before)));
    differences(checkpoint).forEach((part, values) -> all.add(part + " (" + values + ")"));
    String program = Version.read() + " (git " + Version.read().git() + ")";
    if (!checkpoint.program().equals(program)) {
      all.add("program " + checkpoint.program() + " -> " + program);
    }
    if (checkpoint.ranks() != ranks) {
      all.add("ranks " + checkpoint.ranks() + " -> " + ranks);
    }
    List<String> lines = new ArrayList<>();
    if (!all.isEmpty()) {
      lines.add("changed since: " + String.join(", ", all));
    }
    if (checkpoint.contents().isEmpty()) {
      lines.add(
          "WARNING: the checkpoint is of an older format: corpus, tokenizer, weights and what was"
              + " chosen could not be compared");
    }
    return lines;
  }
}
