package ringattention.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.file.StageFolders;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Trait;
import ringattention.input.UsedInputs;
import ringattention.report.RunFolder;

/**
 * The folder of one stage, {@code stage-N} in that of the run: a run's folder like any other.
 *
 * @param stage counted from 1
 */
record StageFolder(Path run, int stage) {
  private static final Set<String> LENGTH = Set.of("train.steps", "train.decaySteps");

  Path path() {
    return StageFolders.of(run, stage);
  }

  boolean hasBegun() {
    return RunFolder.holdsRun(path());
  }

  /**
   * Whether the stage has been trained as the input now says.
   *
   * @throws InputException naming the key if it has been trained otherwise, and a later stage has
   *     begun with its weights
   */
  boolean isDone(Configuration configuration) {
    if (!hasBegun()) {
      return false;
    }
    boolean leads = new StageFolder(run, stage + 1).hasBegun();
    for (String key : changed(configuration)) {
      if (leads) {
        throw configuration
            .source()
            .error(
                key,
                "must be "
                    + used().text(key)
                    + " as in "
                    + path()
                    + ": stage "
                    + (stage + 1)
                    + " has begun with its weights");
      }
      return false;
    }
    return exitCode() == 0;
  }

  /**
   * Demands that the stage is done or can go on.
   *
   * @throws InputException as {@link #isDone}, or if it came to its end otherwise and left no
   *     checkpoint
   */
  void requireGoesOn(Configuration configuration) {
    if (!isDone(configuration)
        && RunFolder.isFinished(path())
        && CheckpointSearch.newestComplete(path()).isEmpty()) {
      throw new InputException(
          "--resume: " + path() + " holds a run that is done, and no checkpoint");
    }
  }

  /** Returns what decides about the weights and is not as the folder has it. */
  private List<String> changed(Configuration configuration) {
    Set<String> free = configuration.source().marked(Trait.FREE);
    return used()
        .changed(
            UsedInputs.of(configuration.source().toml()),
            configuration.source().marked(Trait.ASIDE))
        .stream()
        .filter(key -> LENGTH.contains(key) || !free.contains(key))
        .toList();
  }

  private UsedInputs used() {
    Path file = path().resolve("used_inputs.toml");
    try {
      return UsedInputs.of(Files.readString(file));
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read");
    }
  }

  private int exitCode() {
    return summary().path("exit_code").asInt(-1);
  }

  /** Returns what the stage's summary.json says; an empty object if there is none. */
  private JsonNode summary() {
    try {
      return new ObjectMapper().readTree(path().resolve("summary.json").toFile());
    } catch (IOException none) {
      return new ObjectMapper().createObjectNode();
    }
  }

  /** Returns what the summary of the run says of the stage. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", stage);
    fields.put("folder", path().toString());
    JsonNode summary = summary();
    for (String text : new String[] {"verdict", "verdict_text"}) {
      fields.put(text, summary.path(text).asText());
    }
    for (String number : new String[] {"steps", "final_loss", "validation_loss", "tokens_per_s"}) {
      if (summary.path(number).isNumber()) {
        fields.put(number, summary.get(number).numberValue());
      }
    }
    return fields;
  }

  /** Returns the verdict of the stage, for example {@code VALID: final loss 2.1}. */
  String verdict() {
    return summary().path("verdict").asText() + ": " + summary().path("verdict_text").asText();
  }
}
