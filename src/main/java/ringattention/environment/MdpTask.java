package ringattention.environment;

import ringattention.random.Seed;

/**
 * One random Markov decision process: from every state, every action leads to any state with
 * probabilities drawn from the flat Dirichlet distribution, and has a mean reward drawn from the
 * normal distribution of mean 1 and variance 1 (Duan and others 2016, arXiv 1611.02779).
 */
final class MdpTask {
  private final long number;
  private final int states;
  private final int actions;
  private final double[] reached; // (states, actions, states): probability of this state or before
  private final double[] means; // (states, actions)

  MdpTask(long number, int states, int actions) {
    this.number = number;
    this.states = states;
    this.actions = actions;
    reached = new double[states * actions * states];
    means = new double[states * actions];
    Seed chances = Seed.of(number, "mdp transitions");
    Seed rewards = Seed.of(number, "mdp rewards");
    for (int row = 0; row < states * actions; row++) {
      means[row] = 1 + Normal.of(rewards, row);
      double sum = 0;
      for (int next = row * states; next < (row + 1) * states; next++) {
        sum -=
            StrictMath.log(chances.uniform(next)); // shares of exponential numbers are Dirichlet's
        reached[next] = sum;
      }
      for (int next = row * states; next < (row + 1) * states; next++) {
        reached[next] /= sum;
      }
    }
  }

  boolean is(long other) {
    return number == other;
  }

  double mean(int state, int action) {
    return means[state * actions + action];
  }

  /** Returns the state that follows, with a uniform number in (0, 1]. */
  int next(int state, int action, double uniform) {
    int from = (state * actions + action) * states;
    int next = 0;
    while (next < states - 1 && reached[from + next] < uniform) {
      next++;
    }
    return next;
  }

  double probability(int state, int action, int next) {
    int at = (state * actions + action) * states + next;
    return next == 0 ? reached[at] : reached[at] - reached[at - 1];
  }

  /**
   * Returns the best action of each state by the steps that are left, this one included: (steps,
   * states). Value iteration over the episode, from its end.
   */
  int[] best(int steps) {
    int[] best = new int[steps * states];
    double[] values = new double[states];
    double[] later = new double[states];
    for (int left = 0; left < steps; left++) {
      for (int state = 0; state < states; state++) {
        double most = Double.NEGATIVE_INFINITY;
        for (int action = 0; action < actions; action++) {
          double value = mean(state, action);
          for (int next = 0; next < states; next++) {
            value += probability(state, action, next) * later[next];
          }
          if (value > most) {
            most = value;
            best[left * states + state] = action;
          }
        }
        values[state] = most;
      }
      System.arraycopy(values, 0, later, 0, states);
    }
    return best;
  }
}
