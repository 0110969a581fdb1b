package ringattention.environment;

import ringattention.random.Seed;

/** Actions drawn anew at every step, all alike. */
final class UniformNoise implements Collector {
  private final long history;
  private Seed[] seeds;

  UniformNoise(long history) {
    this.history = history;
  }

  @Override
  public void begin(int first, Environment environment) {
    seeds = new Seed[environment.count()];
    for (int i = 0; i < seeds.length; i++) {
      seeds[i] = Seed.of(history + first + i, "uniform actions");
    }
  }

  @Override
  public void act(int step, Environment environment, float[] actions) {
    for (int i = 0; i < seeds.length; i++) {
      write(i, step, environment, actions);
    }
  }

  /** Writes the action of one environment. */
  void write(int i, int step, Environment environment, float[] actions) {
    int size = environment.actionSize();
    if (environment.discrete()) {
      int choice = (int) ((seeds[i].bits(step) >>> 32) * size >>> 32);
      Choice.write(choice, actions, i * size, size);
      return;
    }
    for (int j = 0; j < size; j++) {
      actions[i * size + j] = (float) (2 * seeds[i].uniform((long) step * size + j) - 1);
    }
  }
}
