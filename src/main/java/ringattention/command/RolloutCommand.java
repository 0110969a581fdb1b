package ringattention.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import ringattention.checkpoint.Checkpoint;
import ringattention.cli.ExitCode;
import ringattention.data.trajectories.FeatureRows;
import ringattention.data.trajectories.StateStatistics;
import ringattention.data.trajectories.TrajectoriesConfig;
import ringattention.evaluate.rollout.RolloutConfig;
import ringattention.evaluate.rollout.RolloutRun;
import ringattention.evaluate.rollout.RolloutSetup;
import ringattention.infer.RingTrajectories;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.ModelConfig;
import ringattention.run.Agreement;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** {@code evaluate} of an input with section {@code [rollout]}: a model acts in an environment. */
final class RolloutCommand {
  private static final String RETURNS = "trajectories.returns";

  private final Job job;
  private final Configuration configuration;
  private final RolloutSetup setup;

  private RolloutCommand(Job job, Configuration configuration, RolloutSetup setup) {
    this.job = job;
    this.setup = setup;
    ModelConfig model = configuration.get(ModelConfig.SECTION).forLength(setup.longest());
    this.configuration = configuration.with(ModelConfig.SECTION, model);
  }

  /** Returns whether an input asks for this. */
  static boolean asks(Configuration configuration) {
    return configuration.has(RolloutConfig.SECTION);
  }

  /** Returns the exit code. Collective. */
  static int run(Job job, Configuration configuration) {
    RolloutSetup setup = job.agree(() -> RolloutSetup.of(configuration));
    try (StoredWeights weights = StoredWeights.open(job, configuration, "evaluate")) {
      RolloutCommand command = new RolloutCommand(job, configuration, setup);
      FeatureRows features = command.features(weights);
      try (Equipment equipment = Equipment.open(job, configuration)) {
        return command.run(equipment, weights, features);
      }
    }
  }

  private int run(Equipment equipment, StoredWeights weights, FeatureRows features) {
    Answering answering = Answering.of(job, configuration, equipment, setup.rows(), setup.need());
    int seeds = setup.config().seeds();
    job.agree(
        () -> {
          int fits = answering.plan().shape().longestOf(seeds);
          setup.requireRoom(fits, configuration.source());
          return null;
        });
    try (RunOutput output = RunOutput.of(job, configuration)) {
      answering.announce(output, "sequences", seeds);
      if (job.line().dryRun()) {
        return ExitCode.VALID;
      }
      return answering.<RingTrajectories>run(
          weights,
          output,
          (ring, device, arena) ->
              answering
                  .plan()
                  .trajectories(ring, device, arena, job.timer(), seeds, setup.longest()),
          engine -> new RolloutRun(job, setup, features, output).run(engine, answering::peak));
    }
  }

  /** Returns what writes positions as those were that the model has learned from. Collective. */
  private FeatureRows features(StoredWeights weights) {
    StateStatistics statistics =
        job.agree(
            () -> {
              weights.checkpoint().ifPresent(found -> requireReturns(found.checkpoint()));
              return statistics(weights.checkpoint().map(found -> found.checkpoint().folder()));
            });
    new Agreement(job.world()).onSame(SharedInput.digest("statistics", statistics.json()));
    return setup.features(statistics);
  }

  /** A model that never saw returns makes nothing of them, and one that did wants them. */
  private void requireReturns(Checkpoint checkpoint) {
    Object trained = checkpoint.inputs().values().get(RETURNS);
    if (trained != null && !trained.equals(setup.returns())) {
      throw configuration
          .source()
          .error(RETURNS, "must be " + trained + ", as in checkpoint " + checkpoint.folder());
    }
  }

  /**
   * Reads the statistics that training has saved, or those of the file that the input names.
   *
   * @throws InputException if there are none, or they are of other states
   */
  private StateStatistics statistics(Optional<Path> checkpoint) {
    String key = "trajectories.statistics";
    Optional<Path> named = configuration.get(TrajectoriesConfig.SECTION).statistics();
    Path file =
        named
            .or(() -> checkpoint.map(RolloutCommand::besideModel))
            .filter(Files::exists)
            .orElseThrow(
                () ->
                    configuration
                        .source()
                        .error(
                            key,
                            "must name the statistics of states that the model was trained with: "
                                + checkpoint
                                    .map(RolloutCommand::besideModel)
                                    .filter(path -> named.isEmpty())
                                    .map(path -> path + " is not there")
                                    .orElse("there is no such file")));
    StateStatistics statistics = StateStatistics.read(file);
    int size = setup.columns().stateSize();
    if (statistics.size() != size) {
      throw configuration
          .source()
          .error(key, file + " is of states of " + statistics.size() + " numbers, not " + size);
    }
    return statistics;
  }

  /** Returns the file of the run that a checkpoint is of. */
  private static Path besideModel(Path checkpoint) {
    return checkpoint.toAbsolutePath().resolve("../..").normalize().resolve(StateStatistics.FILE);
  }
}
