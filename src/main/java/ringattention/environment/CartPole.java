package ringattention.environment;

import ringattention.random.Seed;

/**
 * Swing-up of a pole on a cart, dm_control's task of that name (Tassa and others 2018): the pole
 * hangs, a motor moves the cart, and the reward is highest where the pole stands still over the
 * middle of the rail. 1000 steps of 0.01 s.
 *
 * <p>Observations: position, cosine and sine of the angle, both velocities. Actions: the motor's
 * control. Physics: position, angle and both velocities, in metres and radians. With hidden tasks,
 * motor and pole are those of {@link CartPoleTask}, and nothing else is different.
 */
final class CartPole implements Environment {
  static final int STEPS = 1000;
  static final int OBSERVATION = 5;
  static final int PHYSICS = 4;

  private static final double SPREAD = .01; // of the state that an episode begins with

  private final int count;
  private final boolean hidden;
  private final CartPoleBody[] bodies;
  private final CartPoleExpert[] experts;
  private final double[] states;
  private final float[] observations;
  private final float[] rewards;
  private int step = STEPS;

  /**
   * @param hidden whether environments have tasks
   */
  CartPole(int count, boolean hidden) {
    this.count = count;
    this.hidden = hidden;
    bodies = new CartPoleBody[count];
    experts = new CartPoleExpert[count];
    states = new double[count * PHYSICS];
    observations = new float[count * OBSERVATION];
    rewards = new float[count];
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public int observationSize() {
    return OBSERVATION;
  }

  @Override
  public int actionSize() {
    return 1;
  }

  @Override
  public int physicsSize() {
    return PHYSICS;
  }

  @Override
  public int steps() {
    return STEPS;
  }

  @Override
  public boolean discrete() {
    return false;
  }

  @Override
  public void reset(long[] tasks, long[] seeds) {
    for (int i = 0; i < count; i++) {
      CartPoleTask task = hidden ? CartPoleTask.of(tasks[i]) : CartPoleTask.STANDARD;
      Seed seed = Seed.of(seeds[i], "cartpole");
      bodies[i] = new CartPoleBody(task);
      experts[i] = new CartPoleExpert(bodies[i]);
      for (int j = 0; j < PHYSICS; j++) {
        states[i * PHYSICS + j] = SPREAD * Normal.of(seed, j);
      }
      states[i * PHYSICS + 1] += Math.PI;
      bodies[i].begin(states, i * PHYSICS);
      rewards[i] = 0;
      observe(i);
    }
    step = 0;
  }

  @Override
  public void step(float[] actions) {
    if (done()) {
      throw new IllegalStateException("the episodes are done");
    }
    for (int i = 0; i < count; i++) {
      double control = control(actions[i]);
      CartPoleBody body = bodies[i];
      int offset = i * PHYSICS;
      body.step(states, offset, control);
      rewards[i] =
          (float) CartPoleReward.of(states[offset], body.cosine(), states[offset + 3], control);
      observe(i);
    }
    step++;
  }

  private static double control(float action) {
    return Float.isNaN(action) ? 0 : Math.max(-1, Math.min(1, action));
  }

  private void observe(int i) {
    int from = i * PHYSICS;
    int to = i * OBSERVATION;
    observations[to] = (float) states[from];
    observations[to + 1] = (float) bodies[i].cosine();
    observations[to + 2] = (float) bodies[i].sine();
    observations[to + 3] = (float) states[from + 2];
    observations[to + 4] = (float) states[from + 3];
  }

  @Override
  public boolean done() {
    return step >= STEPS;
  }

  @Override
  public float[] observations() {
    return observations;
  }

  @Override
  public float[] rewards() {
    return rewards;
  }

  @Override
  public double[] physics() {
    return states;
  }

  @Override
  public void expert(float[] actions) {
    for (int i = 0; i < count; i++) {
      actions[i] = (float) experts[i].control(states, i * PHYSICS);
    }
  }
}
