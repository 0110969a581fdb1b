package ringattention.command;

import ringattention.data.Samples;
import ringattention.data.trajectories.TrajectorySizes;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.ModelConfig;
import ringattention.model.TrajectoryModel;

/** Whether a model of trajectories is of the sizes that the files have. */
final class TrajectorySizesCheck {
  private TrajectorySizesCheck() {}

  /**
   * Returns the same sequences, closed if the model is not theirs.
   *
   * @throws InputException naming the key of the model and what it must be
   */
  static <T extends Samples> T check(Configuration configuration, T samples) {
    try {
      samples.trajectories().ifPresent(sizes -> check(configuration, sizes));
      return samples;
    } catch (InputException e) {
      samples.close();
      throw e;
    }
  }

  private static void check(Configuration configuration, TrajectorySizes sizes) {
    TrajectoryModel model =
        configuration.get(ModelConfig.SECTION).trajectories().orElseThrow(); // RunRules demand it
    require(configuration, "stateSize", model.stateSize() == sizes.stateSize(), sizes.stateSize());
    require(
        configuration, "actionSize", model.actionSize() == sizes.actionSize(), sizes.actionSize());
    if (model.episodeSteps() < sizes.episodeSteps()) {
      throw configuration
          .source()
          .error(
              "model.episodeSteps",
              "must be at least " + sizes.episodeSteps() + ", as in data.path");
    }
  }

  private static void require(Configuration configuration, String key, boolean fits, int right) {
    if (!fits) {
      throw configuration.source().error("model." + key, "must be " + right + ", as in data.path");
    }
  }
}
