package ringattention;

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
          "output",
          "validate",
          "benchAttention",
          "benchKernels",
          "benchRing",
          "benchTraining",
          "memory");

  /**
   * Finds what the input asks for and verifies it. Nothing is allocated on a device. Collective.
   *
   * @throws InputException on every rank if it cannot be resumed
   */
  static Resumption of(Job job, Configuration configuration) {
    CheckpointConfig config = configuration.checkpoint();
    if (config.resume().isEmpty()) {
      return new Resumption(Optional.empty(), List.of());
    }
    Source source = configuration.source();
    CheckpointSearch.Result result = search(job, config, source);
    return job.agree(() -> of(job, result, configuration));
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
    if (configuration.train().steps() <= step) {
      throw source.error("train.steps", "must be above " + step + ", the step" + where);
    }
    int traced = job.line().traced(configuration.train().steps());
    if (traced > 0 && traced <= step) {
      throw new InputException(
          "command line: --trace=" + traced + ": must be above " + step + ", the step" + where);
    }
    return new Resumption(
        Optional.of(checkpoint), lines(result, before.changes(now, ASIDE), job.world().size()));
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
    trainer.resumeAt(position().step());
    return true;
  }
}
