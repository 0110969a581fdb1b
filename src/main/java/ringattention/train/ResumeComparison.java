package ringattention.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import ringattention.checkpoint.Checkpoint;
import ringattention.input.Configuration;
import ringattention.input.ContentPart;
import ringattention.input.InputException;
import ringattention.input.UsedInputs;
import ringattention.run.SharedParts;
import ringattention.run.Version;

/**
 * Compares a run with the one it goes on from.
 *
 * @param contents what this run learns from, by {@link ContentPart}
 * @param ranks of this run
 */
public record ResumeComparison(Configuration configuration, SharedParts contents, int ranks) {
  /** Values that fix the parameters' shapes; all others may change. */
  private static final List<String> SHAPE =
      List.of(
          "model.vocabulary",
          "model.hidden",
          "model.layers",
          "model.heads",
          "model.keyValueHeads",
          "model.headSize",
          "model.feedForward",
          "model.tied");

  /** Sections and keys without a say in the numbers of training. */
  private static final Set<String> ASIDE =
      Set.of(
          "checkpoint",
          "fault",
          "timeout",
          "output",
          "validate",
          "benchAttention",
          "benchKernels",
          "benchRing",
          "benchTraining",
          "benchContext",
          "benchMfu",
          "benchOverlap",
          "benchMemory",
          "benchScaling",
          "validation.every",
          "validation.sequences",
          "memory.saved",
          "memory.offload",
          "memory.deviceGiB",
          "memory.hostGiB");

  /**
   * Other values that may change between the parts of one run: they say how long it goes on, or
   * what it does to the last bits is said when it is known.
   */
  private static final Set<String> FREE =
      Set.of(
          "train.steps",
          "train.reportEvery",
          "train.maxSkippedSteps",
          "data.cache",
          "device.threads",
          "parallel.transport");

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
    for (String key : before.changed(UsedInputs.of(configuration.source().toml()), ASIDE)) {
      Optional<ContentPart> part = part(key);
      boolean accepted = part.isPresent() && accepts(part.get().toString());
      if (part.isPresent() == places && !accepted && !FREE.contains(key)) {
        throw configuration
            .source()
            .error(key, "must be " + before.text(key) + " to resume, as in " + file);
      }
    }
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
    if (configuration.train().steps() < step) {
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
    for (String key : SHAPE) {
      if (!before.text(key).equals(now.text(key))) {
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
            first.key(),
            SharedParts.text(refused)
                + " not as in checkpoint "
                + checkpoint.folder()
                + "; checkpoint.accept = "
                + names
                + " goes on with what there is now");
  }

  /** Returns what is not as it was in the parts that a checkpoint says something of. */
  private Map<String, String> differences(Checkpoint checkpoint) {
    return checkpoint.contents().isEmpty()
        ? Map.of()
        : contents.differences(new SharedParts(checkpoint.contents()));
  }

  private boolean accepts(String part) {
    return configuration.checkpoint().accept().stream()
        .anyMatch(accepted -> accepted.toString().equals(part));
  }

  private static Optional<ContentPart> part(String key) {
    return Arrays.stream(ContentPart.values()).filter(part -> part.key().equals(key)).findFirst();
  }

  /** Returns lines for the log: what is not as it was. */
  List<String> lines(Checkpoint checkpoint) {
    UsedInputs now = UsedInputs.of(configuration.source().toml());
    List<String> all = new ArrayList<>(checkpoint.inputs().changes(now, ASIDE));
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
