package ringattention.command;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import ringattention.comm.Communicator;
import ringattention.data.DataConfig;
import ringattention.huggingface.HuggingFaceExport;
import ringattention.huggingface.StoredType;
import ringattention.input.Configuration;
import ringattention.model.ModelConfig;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ValueSink;
import ringattention.plan.TrainConfig;
import ringattention.report.RunLog;
import ringattention.report.Units;
import ringattention.run.Job;
import ringattention.run.ModelExport;

/**
 * A trained model as a Hugging Face folder: everything but the weights is held, so that nothing
 * that is needed can be lost during a long run.
 *
 * @param type of the weights
 * @param tokenizer that goes with it
 */
record ExportedModel(
    Configuration configuration,
    ModelExport type,
    HuggingFaceExport export,
    ExportedTokenizer tokenizer) {
  private static final double F16_LARGEST = 65504;

  /**
   * Reads what is copied. Not collective.
   *
   * @throws ringattention.input.InputException if a file of the tokenizer or of {@code
   *     model.checkpoint} cannot be read, or transformers has no such model
   */
  static ExportedModel of(Configuration configuration, ModelExport type) {
    if (!HuggingFaceExport.holds(configuration.get(ModelConfig.SECTION))) {
      throw configuration
          .source()
          .error(
              "model.queryKeyNorm",
              "no model of transformers has such norms and model.queryKeyValueBias, too: it cannot"
                  + " be exported");
    }
    ExportedTokenizer tokenizer = ExportedTokenizer.of(configuration);
    HuggingFaceExport export =
        new HuggingFaceExport(
            configuration.get(ModelConfig.SECTION),
            stored(type),
            positions(configuration),
            tokenizer.copy());
    return new ExportedModel(configuration, type, export, tokenizer);
  }

  private static StoredType stored(ModelExport type) {
    return switch (type) {
      case BF16 -> StoredType.BF16;
      case FP16 -> StoredType.F16;
      case FP32 -> StoredType.F32;
      case NONE -> throw new IllegalArgumentException("export of no type");
    };
  }

  private static long positions(Configuration configuration) {
    return (long) configuration.get(DataConfig.SECTION).firstPosition()
        + configuration.get(TrainConfig.SECTION).sequence();
  }

  /**
   * Writes the folder and says so. Collective.
   *
   * @param weights hands out this rank's share of all weights
   */
  HuggingFaceExport.Written write(
      Job job, Path folder, List<ParameterGroup> groups, Consumer<ValueSink> weights, RunLog log) {
    long start = System.nanoTime();
    HuggingFaceExport.Written written = export.write(folder, job.world(), groups, weights);
    double seconds = (System.nanoTime() - start) * 1e-9;
    log.line(
        String.format(
            Locale.ROOT,
            "written as %s in %.1f s to %s: %s in %d %s, %s",
            type,
            job.world().allReduce(seconds, Communicator.Operation.MAX),
            folder,
            Units.bytes(written.weights()),
            written.files(),
            written.files() == 1 ? "file" : "files",
            String.join(", ", written.small())));
    tokenizer.lines().forEach(log::line);
    if (written.beyond() > 0) {
      log.line(
          String.format(
              Locale.ROOT,
              "WARNING: %d weights are beyond %.0f, the largest number of fp16, and were written as"
                  + " it: the largest is %.4g; bf16 and fp32 hold them",
              written.beyond(),
              F16_LARGEST,
              written.largest()));
    }
    written
        .kept()
        .forEach(
            name ->
                log.line(
                    "WARNING: "
                        + folder.resolve(name)
                        + " is as you have put it there or changed it, not of this export"));
    warnOfOddHeads(log);
    return written;
  }

  private void warnOfOddHeads(RunLog log) {
    ModelConfig model = configuration.get(ModelConfig.SECTION);
    if (model.trajectories().isEmpty() && model.hidden() % model.heads().query() != 0) {
      log.line(
          "WARNING: transformers 5 opens no model whose hidden_size is not a multiple of its"
              + " num_attention_heads, whatever head_dim says; transformers 4 does");
    }
  }
}
