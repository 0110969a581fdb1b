package ringattention.environment;

import ringattention.random.Seed;

/**
 * Noise that lasts: every action is the one before, drawn back to 0, plus a small random number
 * (Ornstein and Uhlenbeck's process, at rest from the first step on). Beyond -1 and 1 it counts as
 * these.
 */
final class OrnsteinUhlenbeck implements Collector {
  private static final double BACK = .02; // a step: a memory of 50 steps
  private static final double SPREAD = .7; // standard deviation of the process
  private static final double PUSH = SPREAD * Math.sqrt(BACK * (2 - BACK));

  private final long history;
  private Seed[] seeds;
  private double[] noise; // (count, actionSize)

  OrnsteinUhlenbeck(long history) {
    this.history = history;
  }

  @Override
  public void begin(int first, Environment environment) {
    int size = environment.actionSize();
    seeds = new Seed[environment.count()];
    noise = new double[seeds.length * size];
    for (int i = 0; i < noise.length; i++) {
      seeds[i / size] = Seed.of(history + first + i / size, "lasting noise");
      noise[i] = SPREAD * Normal.of(seeds[i / size], -1L - i % size);
    }
  }

  @Override
  public void act(int step, Environment environment, float[] actions) {
    int size = environment.actionSize();
    for (int i = 0; i < noise.length; i++) {
      double bell = seeds[i / size].bell((long) step * size + i % size); // sums of many are normal
      noise[i] += PUSH * bell - BACK * noise[i];
      actions[i] = (float) Math.max(-1, Math.min(1, noise[i]));
    }
  }
}
