package ringattention.evaluate.rollout;

import ringattention.data.trajectories.FeatureColumns;
import ringattention.data.trajectories.FeatureRows;
import ringattention.data.trajectories.StateStatistics;
import ringattention.data.trajectories.TrajectoriesConfig;
import ringattention.environment.Environment;
import ringattention.infer.CacheNeed;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;
import ringattention.model.InputKind;
import ringattention.model.ModelConfig;
import ringattention.model.TrajectoryModel;

/**
 * What sections {@code [rollout]}, {@code [model]} and {@code [trajectories]} say together.
 *
 * @param steps of an episode
 * @param columns of what goes into the model
 * @param returns whether the model sees returns
 * @param scale that they are divided by
 * @param target the return that is asked for; 0 where returns are not seen
 */
public record RolloutSetup(
    RolloutConfig config,
    int steps,
    FeatureColumns columns,
    boolean returns,
    double scale,
    double target) {
  /** Rows of a step at most: where sequences are computed anew there may be many more. */
  private static final int MOST_ROWS = 1024;

  /**
   * Reads the sections.
   *
   * @throws InputException naming the first key that does not suit another, or the environment
   */
  public static RolloutSetup of(Configuration configuration) {
    RolloutConfig config = configuration.get(RolloutConfig.SECTION);
    TrajectoriesConfig trajectories = configuration.get(TrajectoriesConfig.SECTION);
    Source source = configuration.source();
    ModelConfig model = configuration.get(ModelConfig.SECTION);
    TrajectoryModel sizes =
        model
            .trajectories()
            .orElseThrow(
                () ->
                    source.error(
                        "model.input",
                        "must be \"" + InputKind.TRAJECTORIES + "\" to act in an environment"));
    Environment environment = config.open(1);
    sizes.requireSizes(
        source,
        environment.observationSize(),
        environment.actionSize(),
        environment.steps(),
        "as " + config.environment() + " has",
        "the steps of an episode of " + config.environment());
    if (trajectories.returns() && config.target().isEmpty()) {
      throw source.missing(
          "rollout.target", "must be the return to ask for: the best of the training data, say");
    }
    if (!trajectories.returns() && config.target().isPresent()) {
      throw source.error(
          "rollout.target", "must not be given with trajectories.returns = false: it is not seen");
    }
    RolloutSetup setup =
        new RolloutSetup(
            config,
            environment.steps(),
            new FeatureColumns(sizes.stateSize(), sizes.actionSize()),
            trajectories.returns(),
            trajectories.scale(),
            config.target().orElse(0));
    setup.requireCountable(source, model);
    return setup;
  }

  private void requireCountable(Source source, ModelConfig model) {
    long positions = positions();
    if (positions > Integer.MAX_VALUE || !model.details().holds((int) positions)) {
      throw source.error(
          keyOfContext(),
          "makes sequences of "
              + positions
              + " positions, more than "
              + (positions > Integer.MAX_VALUE
                  ? "2^31 - 1"
                  : "model.slidingWindow (" + model.details().slidingWindow() + ")"));
    }
  }

  private long positions() {
    int whole = config.contextSteps() == 0 ? steps : Math.min(steps, config.contextSteps());
    return (long) FeatureColumns.KINDS * whole * (1 + config.contextTrials());
  }

  /** Returns the positions of the longest context of a sequence. */
  public int longest() {
    return (int) positions();
  }

  /** Returns the most rows that a step of the engine has. */
  public int rows() {
    long together = config.contextSteps() == 0 ? FeatureColumns.KINDS : longest();
    return (int) Math.min(MOST_ROWS, together * config.seeds());
  }

  /** Returns what the sequences ask of the cache. */
  public CacheNeed need() {
    return CacheNeed.ofEmpty(config.seeds(), longest());
  }

  /**
   * Demands that the cache holds all contexts.
   *
   * @param fits positions of each sequence that it holds
   * @throws InputException naming the key that makes them so long, and what fits
   */
  public void requireRoom(int fits, Source source) {
    if (fits >= longest()) {
      return;
    }
    int ofTrial = FeatureColumns.KINDS * steps;
    throw source.error(
        keyOfContext(),
        "does not fit: "
            + config.seeds()
            + " contexts (rollout.seeds) of "
            + longest()
            + " positions each; the longest that fits is "
            + fits
            + " positions, "
            + fits / ofTrial
            + " whole trials of "
            + ofTrial);
  }

  private String keyOfContext() {
    if (config.contextSteps() > 0) {
      return "rollout.contextSteps";
    }
    return config.contextTrials() == config.trials() - 1
        ? "rollout.trials"
        : "rollout.contextTrials";
  }

  /** Returns what writes the numbers of positions. */
  public FeatureRows features(StateStatistics statistics) {
    return new FeatureRows(columns, returns, scale, statistics);
  }
}
