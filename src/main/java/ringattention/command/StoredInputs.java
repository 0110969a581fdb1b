package ringattention.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringattention.checkpoint.Checkpoint;
import ringattention.data.DataConfig;
import ringattention.input.Configuration;
import ringattention.input.UsedInputs;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.report.RecordedRun;

/**
 * The inputs of the run that a checkpoint is of, as the checkpoint has them: what they say of
 * model, data and length. A relative path means what it meant to the run, if that is still there;
 * else it is relative to the working directory.
 *
 * @param configuration with {@code -D}, which goes before; its model has a loss head of its own if
 *     the checkpoint does
 * @param lines for the log
 */
record StoredInputs(Configuration configuration, List<String> lines) {
  private static final String ORIGIN = "model.checkpoint";
  private static final String TOKENIZER = "data.tokenizer";
  private static final List<String> SECTIONS = List.of("model.", "data.", "train.");

  /**
   * Not collective.
   *
   * @param run the folder of the run that the checkpoint lies in
   * @throws ringattention.input.InputException if they are no inputs of this program, or {@code -D}
   *     does not fit them
   */
  static StoredInputs of(Checkpoint checkpoint, Path run, List<String> overrides) {
    Map<String, Object> values = new LinkedHashMap<>(checkpoint.inputs().values());
    values.keySet().removeIf(key -> SECTIONS.stream().noneMatch(key::startsWith));
    List<String> lines = new ArrayList<>();
    Optional<Path> directory = RecordedRun.directory(run);
    for (String key : List.of(ORIGIN, TOKENIZER)) {
      if (values.get(key) instanceof String text && !DataConfig.isOwnTokenizer(text)) {
        values.put(key, place(text, directory));
      }
    }
    boolean given = overrides.stream().anyMatch(one -> one.strip().startsWith(ORIGIN + "="));
    if (!given && values.get(ORIGIN) instanceof String text && !Files.isDirectory(Path.of(text))) {
      values.remove(ORIGIN);
      lines.add(
          "WARNING: "
              + ORIGIN
              + " of the run is not there any more ("
              + text
              + "): what its config.json and generation_config.json said beside the model is not"
              + " kept; -D "
              + ORIGIN
              + "=DIR names it");
    }
    Configuration configuration =
        Sections.INPUTS.read(
            checkpoint.folder().resolve("used_inputs.toml"), new UsedInputs(values), overrides);
    ModelConfig model = configuration.get(ModelConfig.SECTION);
    if (model.tied() && checkpoint.hasWeight(LlamaParameters.HEAD)) {
      configuration = configuration.with(ModelConfig.SECTION, model.untied());
    }
    return new StoredInputs(configuration, lines);
  }

  private static String place(String text, Optional<Path> directory) {
    return directory
        .map(path -> path.resolve(text)) // itself where it is absolute
        .filter(Files::exists)
        .map(Path::toString)
        .orElse(text);
  }
}
