package ringattention.command;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import ringattention.checkpoint.Checkpoint;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.UsedInputs;
import ringattention.model.ModelConfig;
import ringattention.parallel.LoadableWeights;
import ringattention.parallel.ShardedParameters;
import ringattention.run.Job;
import ringattention.run.RunOutput;
import ringattention.train.ResumeComparison;
import ringattention.train.Resumption;

/**
 * Weights that are there: of a training checkpoint, or of the folder that {@code model.checkpoint}
 * names. A command that uses and does not train them takes the checkpoint that {@code
 * checkpoint.resume} names, a run that starts from them that of {@code checkpoint.weights}.
 *
 * @param checkpoint empty: of the folder
 * @param otherwise what the log says of a value that is not that of the checkpoint's run
 */
record StoredWeights(
    Job job,
    Configuration configuration,
    ModelFolders folders,
    Optional<CheckpointSearch.Result> checkpoint,
    String otherwise)
    implements AutoCloseable {
  /**
   * Finds them, every byte of a checkpoint verified. Collective.
   *
   * @param use what they are for, in words
   * @throws InputException on every rank if there are none, or they are of another model
   */
  static StoredWeights open(Job job, Configuration configuration, String use) {
    return of(
        job,
        configuration,
        () -> checkpoint(job, configuration, use),
        "WARNING: not as it was trained: ");
  }

  /** Opens the folders first, and closes them again if the checkpoint is not found. */
  private static StoredWeights of(
      Job job,
      Configuration configuration,
      Supplier<Optional<CheckpointSearch.Result>> checkpoint,
      String otherwise) {
    ModelFolders folders = SharedInput.folders(job, configuration);
    try {
      return new StoredWeights(job, configuration, folders, checkpoint.get(), otherwise);
    } catch (RuntimeException e) {
      folders.close();
      throw e;
    }
  }

  private static Optional<CheckpointSearch.Result> checkpoint(
      Job job, Configuration configuration, String use) {
    Optional<Path> resume = configuration.get(CheckpointConfig.SECTION).resume();
    if (resume.isEmpty()) {
      if (configuration.get(ModelConfig.SECTION).checkpoint().isEmpty()) {
        throw configuration
            .source()
            .error(
                "checkpoint.resume",
                "must name a checkpoint, or model.checkpoint the folder of a model: there are no"
                    + " weights to "
                    + use);
      }
      return Optional.empty();
    }
    return Optional.of(find(job, configuration, "checkpoint.resume", resume.get()));
  }

  /** Finds the checkpoint that a key names, of a model of this shape. Collective. */
  private static CheckpointSearch.Result find(
      Job job, Configuration configuration, String key, Path path) {
    CheckpointSearch.Result found = Resumption.find(job, configuration, key, path);
    return job.agree(
        () -> {
          ResumeComparison.requireShape(configuration, found.checkpoint());
          return found;
        });
  }

  /**
   * Finds what a training run starts from: the weights that {@code checkpoint.weights} names, else
   * those of the folder that {@code model.checkpoint} names, if there is one. Collective.
   *
   * @throws InputException on every rank if they are of another model
   */
  static StoredWeights toStartFrom(Job job, Configuration configuration) {
    Optional<Path> weights = configuration.get(CheckpointConfig.SECTION).weights();
    return of(
        job,
        configuration,
        () -> weights.map(path -> find(job, configuration, "checkpoint.weights", path)),
        "from here on: ");
  }

  /** Whether there are any; without, a model starts with random weights. */
  boolean areThere() {
    return checkpoint.isPresent() || folders.source().isPresent();
  }

  /** Returns a name for the contents of the weights; there must be some. */
  String digest() {
    return checkpoint
        .map(found -> found.checkpoint().checksum())
        .orElseGet(() -> folders.source().orElseThrow().digest());
  }

  /** Sets weights to start training from, random ones where there are none; all else to zero. */
  void initialize(ShardedParameters parameters, RunOutput output) {
    if (checkpoint.isEmpty()) {
      folders.initialize(parameters, output);
      return;
    }
    parameters.clear();
    read(parameters.weights(), output);
  }

  /** Sets the weights and says where they are from. */
  void read(LoadableWeights weights, RunOutput output) {
    if (checkpoint.isEmpty()) {
      folders.read(weights, output);
      return;
    }
    List<String> passedOver = checkpoint.get().passedOver();
    weights.clear();
    try (Checkpoint from = checkpoint.get().checkpoint()) {
      from.loadWeights(weights, job.world().rank(), job.world().size());
      output.log().section("Weights");
      passedOver.forEach(why -> output.log().line("WARNING: checkpoint passed over: " + why));
      others(configuration, from).forEach(change -> output.log().line(otherwise + change));
      output
          .log()
          .line(
              "read from "
                  + from.folder()
                  + ": step "
                  + from.position().step()
                  + ", written by "
                  + from.program());
    }
  }

  /** Returns what the input says of the model that is not as the checkpoint was trained. */
  static List<String> others(Configuration configuration, Checkpoint from) {
    UsedInputs now = UsedInputs.of(configuration.source().toml());
    Set<String> apart =
        new HashSet<>(Set.of("model.checkpoint", "model.initStd", "model.init", "model.shape"));
    configuration.source().defaults().stream() // keys that the program did not have yet
        .filter(key -> !from.inputs().values().containsKey(key))
        .forEach(apart::add);
    return from.inputs().changes(now, apart).stream()
        .filter(
            change ->
                change.startsWith("model.")
                    || change.startsWith("data.tokenizer ")
                    || change.startsWith("data.firstPosition "))
        .toList();
  }

  @Override
  public void close() {
    checkpoint.ifPresent(found -> found.checkpoint().close());
    folders.close();
  }
}
