package ringattention;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ringattention.checkpoint.Checkpoint;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.checkpoint.TrainingPosition;
import ringattention.config.CheckpointConfig;
import ringattention.config.Configuration;
import ringattention.config.InputException;
import ringattention.config.Source;
import ringattention.config.UsedInputs;
import ringattention.model.Replica;
import ringattention.report.RunFolder;
import ringattention.train.Trainer;

/**
 * Where a training run starts.
 *
 * @param checkpoint empty: afresh
 * @param lines for the log
 */
record Resumption(Optional<Checkpoint> checkpoint, List<String> lines) {
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

  /** Sections without a say in the numbers of training. */
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
          "memory");

  /** Other values that may change between the parts of one run. */
  private static final Set<String> FREE =
      Set.of(
          "train.steps",
          "train.reportEvery",
          "train.maxSkippedSteps",
          "data.cache",
          "device.threads",
          "parallel.transport");

  /**
   * Finds what the input asks for and verifies it. Nothing is allocated on a device. Collective.
   *
   * @throws InputException on every rank if it cannot be resumed
   */
  static Resumption of(Job job, Configuration configuration) {
    return job.line().resume() ? ofOwnFolder(job, configuration) : ofInput(job, configuration);
  }

  private static Resumption ofInput(Job job, Configuration configuration) {
    CheckpointConfig config = configuration.checkpoint();
    if (config.resume().isEmpty()) {
      return new Resumption(Optional.empty(), List.of());
    }
    Source source = configuration.source();
    CheckpointSearch.Result result = search(job, config, source);
    return job.agree(
        () -> {
          requireStepsAfter(result.checkpoint(), job, configuration);
          return of(job, result, configuration);
        });
  }

  /** {@code --resume}: what the run's own folder has is preferred to what the input asks for. */
  private static Resumption ofOwnFolder(Job job, Configuration configuration) {
    Path folder = job.line().output().orElseThrow();
    job.agree(
        () -> {
          requireSameInputs(job, folder, configuration);
          return folder;
        });
    Optional<CheckpointSearch.Result> result =
        new CheckpointSearch(job.world(), true).newestOf(folder);
    if (result.isPresent()) {
      return job.agree(() -> of(job, result.get(), configuration));
    }
    job.agree(
        () -> {
          if (job.root() && RunFolder.isFinished(folder)) {
            throw new InputException(
                "--resume: " + folder + " holds a run that is done, and no checkpoint");
          }
          return folder;
        });
    Resumption start = ofInput(job, configuration);
    List<String> lines = new ArrayList<>(start.lines());
    lines.add("no complete checkpoint in " + folder + " yet: the run starts from its beginning");
    return new Resumption(start.checkpoint(), lines);
  }

  private static void requireSameInputs(Job job, Path folder, Configuration configuration) {
    Path file = folder.resolve("used_inputs.toml");
    if (!job.root() || !Files.exists(file)) {
      return;
    }
    UsedInputs before;
    try {
      before = UsedInputs.of(Files.readString(file));
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read");
    }
    UsedInputs now = UsedInputs.of(configuration.source().toml());
    for (String key : before.changed(now, ASIDE)) {
      if (!FREE.contains(key)) {
        throw configuration
            .source()
            .error(key, "must be " + before.text(key) + " to resume, as in " + file);
      }
    }
  }

  private static CheckpointSearch.Result search(Job job, CheckpointConfig config, Source source) {
    Path path = config.resume().orElseThrow();
    try {
      return new CheckpointSearch(job.world(), config.fallback()).find(path);
    } catch (InputException e) {
      throw source.error("checkpoint.resume", e.getMessage());
    }
  }

  private static Resumption of(
      Job job, CheckpointSearch.Result result, Configuration configuration) {
    Checkpoint checkpoint = result.checkpoint();
    Source source = configuration.source();
    UsedInputs before = checkpoint.inputs();
    UsedInputs now = UsedInputs.of(source.toml());
    String where = " in checkpoint " + checkpoint.folder();
    for (String key : SHAPE) {
      if (!before.text(key).equals(now.text(key))) {
        throw source.error(key, "must be " + before.text(key) + ", as" + where);
      }
    }
    long step = checkpoint.position().step();
    if (configuration.train().steps() < step) {
      throw source.error("train.steps", "must be at least " + step + ", the step" + where);
    }
    return new Resumption(
        Optional.of(checkpoint), lines(result, before.changes(now, ASIDE), job.world().size()));
  }

  private static void requireStepsAfter(
      Checkpoint checkpoint, Job job, Configuration configuration) {
    long step = checkpoint.position().step();
    String where = ", the step in checkpoint " + checkpoint.folder();
    if (configuration.train().steps() <= step) {
      throw configuration.source().error("train.steps", "must be above " + step + where);
    }
    int traced = job.line().traced(configuration.train().steps());
    if (traced > 0 && traced <= step) {
      throw new InputException(
          "command line: --trace=" + traced + ": must be above " + step + where);
    }
  }

  private static List<String> lines(
      CheckpointSearch.Result result, List<String> changes, int ranks) {
    List<String> lines = new ArrayList<>();
    result.passedOver().forEach(why -> lines.add("WARNING: checkpoint passed over: " + why));
    Checkpoint checkpoint = result.checkpoint();
    lines.add(
        "resumed from "
            + checkpoint.folder()
            + ": step "
            + checkpoint.position().step()
            + ", written by "
            + checkpoint.program()
            + " on "
            + checkpoint.ranks()
            + (checkpoint.ranks() == 1 ? " rank" : " ranks"));
    List<String> all = new ArrayList<>(changes);
    if (checkpoint.ranks() != ranks) {
      all.add("ranks " + checkpoint.ranks() + " -> " + ranks);
    }
    if (!all.isEmpty()) {
      lines.add("changed since: " + String.join(", ", all));
    }
    return lines;
  }

  /** The position that training goes on from. */
  TrainingPosition position() {
    return checkpoint.map(Checkpoint::position).orElse(new TrainingPosition(0, 0, 0));
  }

  /**
   * Gives the parameters and their moments the values of the checkpoint, and closes it.
   *
   * @return whether there is one
   */
  boolean start(Job job, Replica replica, Trainer trainer) {
    if (checkpoint.isEmpty()) {
      return false;
    }
    replica.parameters().clear();
    try (Checkpoint from = checkpoint.get()) {
      from.load(replica.parameters(), job.world().rank(), job.world().size());
    }
    trainer.resumeAt(position().step(), position().step(), 0);
    return true;
  }
}
