package ringattention.environment;

import ringattention.random.Seed;

/**
 * Random Markov decision processes, each task one of {@link MdpTask}. Every episode begins in state
 * 0; a reward is the mean of state and action plus a normal number.
 *
 * <p>Observations: the state's place among all. Actions: one of several.
 */
final class RandomMdp implements Environment {
  private static final double[] NO_PHYSICS = {};

  private final int count;
  private final int states;
  private final int actionCount;
  private final int steps;
  private final MdpTask[] tasks;
  private final int[][] best; // by steps that are left; null until an expert is asked
  private final Seed[] seeds;
  private final int[] now;
  private final float[] observations;
  private final float[] rewards;
  private int step;

  RandomMdp(int count, int states, int actions, int steps) {
    this.count = count;
    this.states = states;
    this.actionCount = actions;
    this.steps = steps;
    tasks = new MdpTask[count];
    best = new int[count][];
    seeds = new Seed[count];
    now = new int[count];
    observations = new float[count * states];
    rewards = new float[count];
    step = steps;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public int observationSize() {
    return states;
  }

  @Override
  public int actionSize() {
    return actionCount;
  }

  @Override
  public int physicsSize() {
    return 0;
  }

  @Override
  public int steps() {
    return steps;
  }

  @Override
  public boolean discrete() {
    return true;
  }

  @Override
  public void reset(long[] numbers, long[] episodes) {
    for (int i = 0; i < count; i++) {
      if (tasks[i] == null || !tasks[i].is(numbers[i])) {
        boolean neighbours = i > 0 && tasks[i - 1].is(numbers[i]); // one table for all of them
        tasks[i] = neighbours ? tasks[i - 1] : new MdpTask(numbers[i], states, actionCount);
        best[i] = null;
      }
      seeds[i] = Seed.of(episodes[i], "mdp");
      now[i] = 0;
      rewards[i] = 0;
      Choice.write(0, observations, i * states, states);
    }
    step = 0;
  }

  @Override
  public void step(float[] actions) {
    if (done()) {
      throw new IllegalStateException("the episodes are done");
    }
    for (int i = 0; i < count; i++) {
      int action = Choice.of(actions, i * actionCount, actionCount);
      rewards[i] = (float) (tasks[i].mean(now[i], action) + Normal.of(seeds[i], 2L * step));
      now[i] = tasks[i].next(now[i], action, seeds[i].uniform(4L * step + 2));
      Choice.write(now[i], observations, i * states, states);
    }
    step++;
  }

  @Override
  public boolean done() {
    return step >= steps;
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
    return NO_PHYSICS;
  }

  /** Does what is best for the rest of the episode; tables are made when first asked. */
  @Override
  public void expert(float[] actions) {
    for (int i = 0; i < count; i++) {
      if (best[i] == null) {
        best[i] = i > 0 && tasks[i] == tasks[i - 1] ? best[i - 1] : tasks[i].best(steps);
      }
      int action = best[i][(steps - 1 - step) * states + now[i]];
      Choice.write(action, actions, i * actionCount, actionCount);
    }
  }
}
