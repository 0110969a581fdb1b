package ringattention.command;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import ringattention.checkpoint.Checkpoint;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.UsedInputs;
import ringattention.model.ModelConfig;
import ringattention.parallel.LoadableWeights;
import ringattention.run.Job;
import ringattention.run.RunOutput;
import ringattention.train.ResumeComparison;
import ringattention.train.Resumption;

/**
 * The weights that a command uses and does not train: of the training checkpoint that {@code
 * checkpoint.resume} names, or of the folder that {@code model.checkpoint} names.
 *
 * @param checkpoint empty: of the folder
 */
record StoredWeights(
    Job job,
    Configuration configuration,
    ModelFolders folders,
    Optional<CheckpointSearch.Result> checkpoint)
    implements AutoCloseable {
  /**
   * Finds them, every byte of a checkpoint verified. Collective.
   *
   * @param use what they are for, in words
   * @throws InputException on every rank if there are none, or they are of another model
   */
  static StoredWeights open(Job job, Configuration configuration, String use) {
    ModelFolders folders = SharedInput.folders(job, configuration);
    try {
      return new StoredWeights(job, configuration, folders, checkpoint(job, configuration, use));
    } catch (RuntimeException e) {
      folders.close();
      throw e;
    }
  }

  private static Optional<CheckpointSearch.Result> checkpoint(
      Job job, Configuration configuration, String use) {
    if (configuration.get(CheckpointConfig.SECTION).resume().isEmpty()) {
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
    CheckpointSearch.Result found = Resumption.find(job, configuration);
    return job.agree(
        () -> {
          ResumeComparison.requireShape(configuration, found.checkpoint());
          return Optional.of(found);
        });
  }

  /** Returns a name for the contents of the weights. */
  String digest() {
    return checkpoint
        .map(found -> found.checkpoint().checksum())
        .orElseGet(() -> folders.source().orElseThrow().digest());
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
      others(from)
          .forEach(change -> output.log().line("WARNING: not as it was trained: " + change));
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
  private List<String> others(Checkpoint from) {
    UsedInputs now = UsedInputs.of(configuration.source().toml());
    return from
        .inputs()
        .changes(now, Set.of("model.checkpoint", "model.initStd", "model.shape"))
        .stream()
        .filter(
            change ->
                change.startsWith("model.")
                    || change.startsWith("data.tokenizer ")
                    || change.startsWith("data.firstPosition "))
        .toList();
  }

  @Override
  public void close() {
    folders.close();
  }
}
