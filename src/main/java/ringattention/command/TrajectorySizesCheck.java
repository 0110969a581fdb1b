package ringattention.command;

import ringattention.data.Samples;
import ringattention.data.trajectories.TrajectorySizes;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.ModelConfig;

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
    String as = "as in data.path";
    configuration
        .get(ModelConfig.SECTION)
        .trajectories()
        .orElseThrow() // RunRules demand it
        .requireSizes(
            configuration.source(),
            sizes.stateSize(),
            sizes.actionSize(),
            sizes.episodeSteps(),
            as,
            as);
  }
}
