package ringattention.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ringattention.checkpoint.Checkpoint;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.checkpoint.ContentPart;
import ringattention.cli.ExitCode;
import ringattention.data.DataConfig;
import ringattention.huggingface.ExportFolder;
import ringattention.huggingface.HuggingFaceExport;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.parallel.ParameterGroup;
import ringattention.report.RunLog;
import ringattention.report.RunVerdict;
import ringattention.report.Units;
import ringattention.run.Job;
import ringattention.run.ModelExport;
import ringattention.run.RunOutput;
import ringattention.run.SharedParts;
import ringattention.run.Version;
import ringattention.train.ResumeComparison;
import ringattention.train.Resumption;

/**
 * {@code export}: the model of a training checkpoint as a Hugging Face folder. Needs no device: of
 * the weights no more than a block is in memory.
 */
public final class ExportCommand {
  private ExportCommand() {}

  /** Returns the exit code. Collective. */
  public static int run(Job job) {
    Path folder = Path.of(job.gather(target(job).toString()).get(0));
    job.agree(
        () -> {
          if (job.root()) { // before gigabytes are read
            new ExportFolder(folder).requireOwn();
          }
          return folder;
        });
    CheckpointSearch.Result found = find(job);
    try (Checkpoint checkpoint = found.checkpoint();
        RunOutput output = RunOutput.console(job)) {
      StoredInputs inputs = job.agree(() -> inputs(job, checkpoint));
      Configuration configuration = SharedInput.configuration(job, inputs::configuration);
      ExportedModel model = job.agree(() -> model(job, configuration, checkpoint, folder));
      announce(job, checkpoint, output.log());
      inputs.lines().forEach(output.log()::line);
      StoredWeights.others(configuration, checkpoint).stream()
          .filter(change -> !change.startsWith(ContentPart.TOKENIZER.key()))
          .forEach(change -> output.log().line("WARNING: not as it was trained: " + change));
      if (job.line().dryRun()) {
        return ExitCode.VALID;
      }
      return write(job, model, checkpoint, folder, output.log());
    }
  }

  private static Path target(Job job) {
    return job.line().output().orElseThrow().toAbsolutePath().normalize();
  }

  /** The checkpoint, every byte of it verified. */
  private static CheckpointSearch.Result find(Job job) {
    Path run = job.line().folders().get(0);
    CheckpointSearch search = new CheckpointSearch(job.world(), false);
    var step = job.line().export().step();
    CheckpointSearch.Result found =
        step.isPresent() ? search.find(run, step.getAsLong()) : search.find(run);
    Resumption.requireSameCheckpoint(job, found.checkpoint());
    return found;
  }

  private static StoredInputs inputs(Job job, Checkpoint checkpoint) {
    Path run = checkpoint.folder().toAbsolutePath().resolve("../..").normalize();
    return StoredInputs.of(checkpoint, run, job.line().overrides());
  }

  /**
   * Reads all but the weights.
   *
   * @throws InputException if something is not as the run had it, or would be overwritten
   */
  private static ExportedModel model(
      Job job, Configuration configuration, Checkpoint checkpoint, Path folder) {
    ResumeComparison.requireShape(configuration, checkpoint);
    requireNotOver(configuration, folder);
    ExportedModel model =
        ExportedModel.of(
            configuration,
            ModelExport.valueOf(job.line().export().type().toUpperCase(Locale.ROOT)));
    requireTokenizer(configuration, checkpoint);
    return model;
  }

  /** Refuses to replace what the run has learned from. */
  private static void requireNotOver(Configuration configuration, Path folder) {
    Optional<Path> origin = configuration.get(ModelConfig.SECTION).checkpoint();
    Optional<Path> tokenizer =
        DataConfig.tokenizerPath(configuration.get(DataConfig.SECTION).tokenizer());
    Stream.concat(origin.stream(), tokenizer.stream())
        .filter(source -> isSame(source, folder))
        .findFirst()
        .ifPresent(
            source -> {
              throw new InputException(
                  "command line: -o " + folder + ": is what the run has started from");
            });
  }

  private static boolean isSame(Path one, Path other) {
    try {
      return Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
    } catch (IOException e) {
      return false;
    }
  }

  /** Demands the tokenizer that the run has learned with, unless another is accepted. */
  private static void requireTokenizer(Configuration configuration, Checkpoint checkpoint) {
    String part = ContentPart.TOKENIZER.toString();
    Map<String, String> before = checkpoint.contents().getOrDefault(part, Map.of());
    boolean accepted =
        configuration.get(CheckpointConfig.SECTION).accept().contains(ContentPart.TOKENIZER);
    if (before.isEmpty() || accepted) { // older checkpoints do not say
      return;
    }
    Map<String, String> differences =
        SharedInput.tokenizer(configuration).differences(SharedParts.of(part, before));
    if (!differences.isEmpty()) {
      throw configuration
          .source()
          .error(
              ContentPart.TOKENIZER.key(),
              SharedParts.text(differences)
                  + " not as in checkpoint "
                  + checkpoint.folder()
                  + "; -D checkpoint.accept=[\""
                  + part
                  + "\"] exports this one");
    }
  }

  private static void announce(Job job, Checkpoint checkpoint, RunLog log) {
    int ranks = job.world().size();
    log.line(
        Version.read()
            + " (git "
            + Version.read().git()
            + "), export, "
            + ranks
            + (ranks == 1 ? " rank" : " ranks"));
    log.section("Weights");
    log.line(
        String.format(
            Locale.ROOT,
            "read from %s: step %d, written by %s on %d %s; %s, all of it verified",
            checkpoint.folder(),
            checkpoint.position().step(),
            checkpoint.program(),
            checkpoint.ranks(),
            checkpoint.ranks() == 1 ? "rank" : "ranks",
            Units.bytes(checkpoint.bytes())));
  }

  private static int write(
      Job job, ExportedModel model, Checkpoint checkpoint, Path folder, RunLog log) {
    if (job.root()) {
      try {
        Files.createDirectories(folder.getParent());
      } catch (IOException e) {
        throw new UncheckedIOException("cannot write " + folder.getParent() + ": " + e, e);
      }
    }
    ModelConfig config = model.configuration().get(ModelConfig.SECTION);
    List<ParameterGroup> groups = LlamaParameters.groups(config);
    int rank = job.world().rank();
    int ranks = job.world().size();
    HuggingFaceExport.Written written =
        model.write(
            job, folder, groups, sink -> checkpoint.readWeights(groups, rank, ranks, sink), log);
    String result =
        String.format(
            Locale.ROOT,
            "step %d, %d parameters as %s, %s in %s",
            checkpoint.position().step(),
            config.parameters(),
            model.type(),
            Units.bytes(written.weights()),
            folder);
    log.rows(List.of(new RunVerdict(true, result).line()));
    return ExitCode.VALID;
  }
}
