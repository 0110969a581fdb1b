package ringattention.command;

import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import ringattention.huggingface.HuggingFaceFolder;
import ringattention.input.Configuration;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.parallel.LoadableWeights;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;
import ringattention.plan.TrainConfig;
import ringattention.run.Job;
import ringattention.run.ModelExport;
import ringattention.run.OutputConfig;
import ringattention.run.RunOutput;

/**
 * Where a training run's weights come from and where they go.
 *
 * @param source empty: they start by chance
 * @param export empty: the trained model is not written
 */
public record ModelFolders(
    Configuration configuration, Optional<HuggingFaceFolder> source, Optional<ExportedModel> export)
    implements AutoCloseable {
  private static final String EXPORT = "model";

  /**
   * Returns the configuration of the model that a folder holds: with a loss head of its own where
   * there is one, though its config.json says it is the embedding.
   *
   * @throws ringattention.input.InputException if the folder's files cannot be opened
   */
  static Configuration asStored(Configuration configuration) {
    if (!configuration.has(ModelConfig.SECTION) || !configuration.get(ModelConfig.SECTION).tied()) {
      return configuration;
    }
    ModelConfig model = configuration.get(ModelConfig.SECTION);
    return model.checkpoint().filter(HuggingFaceFolder::hasOwnHead).isPresent()
        ? configuration.with(ModelConfig.SECTION, model.untied())
        : configuration;
  }

  /**
   * Checks what there is to read; reads no weight.
   *
   * @throws ringattention.input.InputException if the checkpoint is not one of this model
   */
  static ModelFolders of(Configuration configuration) {
    ModelConfig model = configuration.get(ModelConfig.SECTION);
    List<ParameterGroup> groups = LlamaParameters.groups(model);
    ModelExport type = configuration.get(OutputConfig.SECTION).model();
    Optional<ExportedModel> export =
        type == ModelExport.NONE
            ? Optional.empty()
            : Optional.of(ExportedModel.of(configuration, type));
    return new ModelFolders(
        configuration,
        model.checkpoint().map(folder -> HuggingFaceFolder.open(folder, groups, model.tied())),
        export);
  }

  /** Sets the weights to start from; moments and gradients to zero. */
  void initialize(ShardedParameters parameters, RunOutput output) {
    if (source.isEmpty()) {
      parameters.initialize(
          configuration.get(TrainConfig.SECTION).seed(),
          configuration.get(ModelConfig.SECTION).initStd());
      return;
    }
    parameters.clear();
    read(parameters.weights(), output);
  }

  /** Sets the weights of the folder that the input names; there must be one. */
  void read(LoadableWeights weights, RunOutput output) {
    long start = System.nanoTime();
    weights.clear();
    weights.load(source.orElseThrow());
    close(); // a long run needs them no more
    output.log().section("Weights");
    String path = configuration.get(ModelConfig.SECTION).checkpoint().orElseThrow().toString();
    output.log().line(String.format(Locale.ROOT, "read in %.1f s from %s", since(start), path));
    source.get().remark().ifPresent(output.log()::line);
    if (configuration.source().says("model.tied", true)
        && !configuration.get(ModelConfig.SECTION).tied()) {
      output
          .log()
          .line(
              "WARNING: its lm_head.weight is not its embedding, though its config.json says"
                  + " tie_word_embeddings: it is the loss head, as in transformers 5");
    }
  }

  /** Writes the trained model into the folder of the run, if the input says so. Collective. */
  void export(Job job, ShardedParameters parameters, RunOutput output) {
    if (export.isEmpty()) {
      output
          .path()
          .map(folder -> folder.resolve(EXPORT))
          .filter(Files::exists)
          .ifPresent(old -> output.log().line("WARNING: " + old + " is of an earlier part"));
      return;
    }
    output.log().section("Weights");
    export
        .get()
        .write(
            job,
            output.shared(EXPORT),
            parameters.groups().stream().map(ParameterGroup::whole).toList(),
            sink -> parameters.save(State.WEIGHT, sink),
            output.log());
  }

  @Override
  public void close() {
    source.ifPresent(HuggingFaceFolder::close);
  }

  private static double since(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }
}
