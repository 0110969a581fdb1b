package ringattention.environment;

/** The reward of dm_control's cartpole swing-up: 1 for a still, upright pole over the middle. */
final class CartPoleReward {
  private static final double LOG_TENTH = StrictMath.log(.1);
  private static final double FAR = 2; // metres
  private static final double FAST = 5; // radians per second

  private CartPoleReward() {}

  /**
   * Returns the reward of one step.
   *
   * @param x position behind it
   * @param cosine of the angle behind it
   * @param w angular velocity behind it
   * @param control of it, within -1 and 1
   */
  static double of(double x, double cosine, double w, double control) {
    double upright = (cosine + 1) / 2;
    double centred = (1 + near(x / FAR)) / 2;
    double smallControl = (4 + (1 - control * control)) / 5;
    double smallVelocity = (1 + near(w / FAST)) / 2;
    return upright * smallControl * smallVelocity * centred;
  }

  /** Returns 1 at 0, and 0.1 at a distance of 1: a Gaussian. */
  private static double near(double distance) {
    return StrictMath.exp(distance * distance * LOG_TENTH);
  }
}
