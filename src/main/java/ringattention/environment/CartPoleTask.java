package ringattention.environment;

import ringattention.random.Seed;

/**
 * What may be hidden of a cart with a pole.
 *
 * @param gear newtons that the motor pulls with at a control of 1; negative: it pulls the other way
 * @param length of the pole in metres; its mass stays
 */
record CartPoleTask(double gear, double length) {
  /** As dm_control has it. */
  static final CartPoleTask STANDARD = new CartPoleTask(10, 1);

  private static final double SMALLEST_GEAR = 7;
  private static final double GEARS = 7;
  private static final double SHORTEST = .6;
  private static final double LENGTHS = .8;

  /** Returns one of a number: either direction, gears of 7 to 14, lengths of 0.6 to 1.4. */
  static CartPoleTask of(long number) {
    Seed seed = Seed.of(number, "cartpole task");
    double gear = SMALLEST_GEAR + GEARS * seed.uniform(1);
    return new CartPoleTask(seed.bits(0) < 0 ? -gear : gear, SHORTEST + LENGTHS * seed.uniform(2));
  }
}
