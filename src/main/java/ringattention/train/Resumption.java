package ringattention.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import ringattention.checkpoint.Checkpoint;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.checkpoint.TrainingPosition;
import ringattention.command.SharedInput;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.Replica;
import ringattention.plan.TrainConfig;
import ringattention.report.FailedStart;
import ringattention.report.RunFolder;
import ringattention.run.Agreement;
import ringattention.run.Job;
import ringattention.run.SharedParts;

/**
 * Where a training run starts.
 *
 * @param comparison of this run with others
 * @param checkpoint empty: afresh
 * @param lines for the log
 */
public record Resumption(
    ResumeComparison comparison, Optional<Checkpoint> checkpoint, List<String> lines) {
  /**
   * Finds what the input asks for and verifies it. Nothing is allocated on a device. Collective.
   *
   * @param contents what this run learns from; see {@link SharedInput#contents}
   * @throws InputException on every rank if it cannot be resumed
   */
  public static Resumption of(Job job, Configuration configuration, SharedParts contents) {
    ResumeComparison comparison = new ResumeComparison(configuration, contents, job.world().size());
    return job.line().resume() ? ofOwnFolder(job, comparison) : ofInput(job, comparison);
  }

  private static Resumption ofInput(Job job, ResumeComparison comparison) {
    Configuration configuration = comparison.configuration();
    CheckpointConfig config = configuration.get(CheckpointConfig.SECTION);
    if (config.resume().isEmpty()) {
      return new Resumption(comparison, Optional.empty(), List.of());
    }
    CheckpointSearch.Result result =
        find(job, configuration, "checkpoint.resume", config.resume().get());
    return job.agree(
        () -> {
          requireStepsAfter(result.checkpoint(), job, configuration);
          return of(result, comparison);
        });
  }

  /** {@code --resume}: what the run's own folder has is preferred to what the input asks for. */
  private static Resumption ofOwnFolder(Job job, ResumeComparison comparison) {
    Path folder = job.line().output().orElseThrow();
    job.agree(() -> sameInputs(job, folder, comparison, false));
    Optional<CheckpointSearch.Result> result =
        new CheckpointSearch(job.world(), true).newestOf(folder);
    if (result.isEmpty() || result.get().checkpoint().contents().isEmpty()) {
      job.agree(() -> sameInputs(job, folder, comparison, true));
    }
    if (result.isPresent()) {
      requireSameCheckpoint(job, result.get().checkpoint());
      return job.agree(() -> of(result.get(), comparison));
    }
    job.agree(
        () -> {
          if (job.root() && RunFolder.isFinished(folder)) {
            throw new InputException(
                "--resume: " + folder + " holds a run that is done, and no checkpoint");
          }
          return folder;
        });
    Resumption start = ofInput(job, comparison);
    List<String> lines = new ArrayList<>(start.lines());
    lines.add("no complete checkpoint in " + folder + " yet: the run starts from its beginning");
    return new Resumption(comparison, start.checkpoint(), lines);
  }

  /**
   * Demands that all ranks have found the same checkpoint: a folder of the same name may be another
   * one on another machine. Collective.
   *
   * @throws InputException on every rank, naming the one that differs
   */
  public static void requireSameCheckpoint(Job job, Checkpoint checkpoint) {
    Map<String, String> own =
        Map.of(
            "step", Long.toString(checkpoint.position().step()), "checksum", checkpoint.checksum());
    new Agreement(job.world()).onSame(SharedParts.of("checkpoint", own));
  }

  private static Path sameInputs(
      Job job, Path folder, ResumeComparison comparison, boolean places) {
    if (job.root() && !FailedStart.isIn(folder)) { // else there is nothing to go on with
      comparison.requireSameInputs(folder, places);
    }
    return folder;
  }

  /**
   * Finds and verifies the checkpoint that a key names, the same on all ranks. Collective.
   *
   * @throws InputException on every rank if there is none
   */
  public static CheckpointSearch.Result find(
      Job job, Configuration configuration, String key, Path path) {
    boolean fallback = configuration.get(CheckpointConfig.SECTION).fallback();
    CheckpointSearch.Result result;
    try {
      result = new CheckpointSearch(job.world(), fallback).find(path);
    } catch (InputException e) {
      throw configuration.source().error(key, e.getMessage());
    }
    requireSameCheckpoint(job, result.checkpoint());
    return result;
  }

  private static Resumption of(CheckpointSearch.Result result, ResumeComparison comparison) {
    comparison.require(result.checkpoint());
    return new Resumption(comparison, Optional.of(result.checkpoint()), lines(result, comparison));
  }

  private static void requireStepsAfter(
      Checkpoint checkpoint, Job job, Configuration configuration) {
    long step = checkpoint.position().step();
    String where = ", the step in checkpoint " + checkpoint.folder();
    if (configuration.get(TrainConfig.SECTION).steps() <= step) {
      throw configuration.source().error("train.steps", "must be above " + step + where);
    }
    int traced = job.line().traced(configuration.get(TrainConfig.SECTION).steps());
    if (traced > 0 && traced <= step) {
      throw new InputException(
          "command line: --trace=" + traced + ": must be above " + step + where);
    }
  }

  private static List<String> lines(CheckpointSearch.Result result, ResumeComparison comparison) {
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
    lines.addAll(comparison.lines(checkpoint));
    return lines;
  }

  /** The position that training goes on from. */
  public TrainingPosition position() {
    return checkpoint.map(Checkpoint::position).orElse(TrainingPosition.START);
  }

  /**
   * Returns lines for the log: what decides about the last bits and is not as it was.
   *
   * @param now see {@link Choices}
   */
  public List<String> changed(Map<String, String> now) {
    return checkpoint
        .map(from -> Choices.changed(from.choices(), now, sameRanks(from)))
        .orElse(List.of());
  }

  /** Returns the head groups to keep if they fit; 0: none, for the last bits differ anyway. */
  public int headGroups() {
    return kept(Choices::headGroups);
  }

  /** Returns the ranks that exchange heads to keep, likewise. */
  public int headRanks() {
    return kept(Choices::headRanks);
  }

  private int kept(Function<Map<String, String>, Integer> choice) {
    return checkpoint.filter(this::sameRanks).map(Checkpoint::choices).map(choice).orElse(0);
  }

  private boolean sameRanks(Checkpoint from) {
    return from.ranks() == comparison.ranks();
  }

  /**
   * Gives the parameters and their moments the values of the checkpoint, and closes it.
   *
   * @return whether there is one
   */
  public boolean start(Job job, Replica replica, Trainer trainer) {
    if (checkpoint.isEmpty()) {
      return false;
    }
    replica.parameters().clear();
    try (Checkpoint from = checkpoint.get()) {
      from.load(replica.parameters(), job.world().rank(), job.world().size());
    }
    TrainingPosition at = position();
    trainer.resumeAt(at.step(), at.updates(), at.skipped(), at.tokens());
    return true;
  }
}
