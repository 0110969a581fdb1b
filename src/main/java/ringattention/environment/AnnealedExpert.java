package ringattention.environment;

import ringattention.random.Seed;

/**
 * An expert who plays worse the earlier it is in the history, as one that learns: an action is
 * drawn uniformly with a probability that falls from 1 in the first episode to 0 in the last
 * (Zisman and others 2023, arXiv 2312.12275). Nothing learns.
 */
final class AnnealedExpert implements Collector {
  private final long history;
  private final int episodes;
  private final UniformNoise noise;
  private double[] shares;
  private Seed[] seeds;

  /**
   * @param episodes of the whole history
   */
  AnnealedExpert(long history, int episodes) {
    this.history = history;
    this.episodes = episodes;
    noise = new UniformNoise(history);
  }

  @Override
  public void begin(int first, Environment environment) {
    noise.begin(first, environment);
    shares = new double[environment.count()];
    seeds = new Seed[environment.count()];
    for (int i = 0; i < seeds.length; i++) {
      shares[i] = share(first + i);
      seeds[i] = Seed.of(history + first + i, "annealed expert");
    }
  }

  /** Returns the share of uniform actions in an episode. */
  private double share(int episode) {
    return episodes == 1 ? 0 : Math.max(0, 1 - (double) episode / (episodes - 1));
  }

  @Override
  public void act(int step, Environment environment, float[] actions) {
    environment.expert(actions);
    for (int i = 0; i < seeds.length; i++) {
      if (seeds[i].uniform(step) <= shares[i]) {
        noise.write(i, step, environment, actions);
      }
    }
  }
}
