package ringattention.environment;

import ringattention.random.Seed;

/** Every episode has a random policy of its own. */
final class TanhPolicies implements Collector {
  static final double SPREAD = 1; // of weights

  private final long history;
  private TanhPolicy[] policies;

  TanhPolicies(long history) {
    this.history = history;
  }

  @Override
  public void begin(int first, Environment environment) {
    policies = new TanhPolicy[environment.count()];
    for (int i = 0; i < policies.length; i++) {
      Seed seed = Seed.of(history + first + i, "policy");
      policies[i] = TanhPolicy.random(environment, SPREAD, seed);
    }
  }

  @Override
  public void act(int step, Environment environment, float[] actions) {
    for (int i = 0; i < policies.length; i++) {
      policies[i].act(i, environment.observations(), actions);
    }
  }
}
