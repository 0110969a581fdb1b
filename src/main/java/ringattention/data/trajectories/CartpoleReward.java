package ringattention.data.trajectories;

/**
 * The reward of dm_control's cartpole swing-up, smooth, as a function of where things are; of
 * control 0, as ExoRL relabels.
 */
final class CartpoleReward {
  /**
   * Numbers of a row of physics: place of the cart, angle of the pole, and how fast both change.
   */
  static final int NUMBERS = 4;

  private static final double CENTRE = 2; // m: where a tenth is left
  private static final double SLOW = 5; // rad/s: where a tenth is left

  private CartpoleReward() {}

  /**
   * Returns a reward for each row.
   *
   * @param physics [rows, 4]
   */
  static float[] of(double[] physics) {
    float[] rewards = new float[physics.length / NUMBERS];
    for (int i = 0; i < rewards.length; i++) {
      double upright = (Math.cos(physics[i * NUMBERS + 1]) + 1) / 2;
      double centred = (1 + near(physics[i * NUMBERS], CENTRE)) / 2;
      double slow = (1 + near(physics[i * NUMBERS + 3], SLOW)) / 2;
      rewards[i] = (float) (upright * slow * centred);
    }
    return rewards;
  }

  /** Returns 1 at 0, and a tenth at the margin: a bell. */
  private static double near(double value, double margin) {
    double distance = value / margin;
    return Math.exp(Math.log(.1) * distance * distance);
  }
}
