package ringattention.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import ringattention.random.Seed;

class RandomMdpTest {
  private static final int STATES = 3;
  private static final int ACTIONS = 2;
  private static final int STEPS = 3;

  @Test
  void statesFollowWithTheirProbabilities() {
    MdpTask task = new MdpTask(4, STATES, ACTIONS);
    Seed seed = Seed.of(1, "draws");
    int draws = 20_000;
    for (int row = 0; row < STATES * ACTIONS; row++) {
      int[] counts = new int[STATES];
      double sum = 0;
      for (int draw = 0; draw < draws; draw++) {
        counts[task.next(row / ACTIONS, row % ACTIONS, seed.uniform((long) row * draws + draw))]++;
      }
      for (int next = 0; next < STATES; next++) {
        double probability = task.probability(row / ACTIONS, row % ACTIONS, next);
        assertEquals(probability, (double) counts[next] / draws, .015);
        sum += probability;
      }
      assertEquals(1, sum, 1e-12);
    }
    assertNotEquals(task.mean(0, 0), new MdpTask(5, STATES, ACTIONS).mean(0, 0));
  }

  /** Means are of mean 1 and variance 1; a probability of the flat Dirichlet has mean 1/states. */
  @Test
  void tasksAreDrawnAsTheyShould() {
    double sum = 0;
    double squares = 0;
    double small = 0;
    int number = 3000;
    for (int i = 0; i < number; i++) {
      MdpTask task = new MdpTask(i, STATES, ACTIONS);
      sum += task.mean(1, 1);
      squares += Math.pow(task.mean(1, 1) - 1, 2);
      small += task.probability(2, 0, 1) < .1 ? 1 : 0;
    }
    assertEquals(1, sum / number, .08);
    assertEquals(1, squares / number, .12);
    assertEquals(1 - .9 * .9, small / number, .03); // a share of three is Beta(1, 2)
  }

  /** No rule that says an action for each state and step earns more: all 512 are tried. */
  @Test
  void valueIterationFindsTheBestOfAllRules() {
    for (int number = 0; number < 20; number++) {
      MdpTask task = new MdpTask(number, STATES, ACTIONS);
      double most = Double.NEGATIVE_INFINITY;
      for (int rule = 0; rule < 1 << STATES * STEPS; rule++) {
        int[] actions = new int[STATES * STEPS];
        for (int i = 0; i < actions.length; i++) {
          actions[i] = rule >> i & 1;
        }
        most = Math.max(most, value(task, actions));
      }
      int[] best = task.best(STEPS);
      int[] actions = new int[STATES * STEPS];
      for (int step = 0; step < STEPS; step++) {
        System.arraycopy(best, (STEPS - 1 - step) * STATES, actions, step * STATES, STATES);
      }
      assertEquals(most, value(task, actions), 1e-12, "task " + number);
    }
  }

  /** Returns what a rule earns: the chances of states are carried forward. */
  private static double value(MdpTask task, int[] actions) {
    double[] chances = {1, 0, 0};
    double value = 0;
    for (int step = 0; step < STEPS; step++) {
      double[] after = new double[STATES];
      for (int state = 0; state < STATES; state++) {
        int action = actions[step * STATES + state];
        value += chances[state] * task.mean(state, action);
        for (int next = 0; next < STATES; next++) {
          after[next] += chances[state] * task.probability(state, action, next);
        }
      }
      chances = after;
    }
    return value;
  }

  /** In some tasks the best action depends on how many steps are left. */
  @Test
  void theExpertKnowsHowManyStepsAreLeft() {
    int found = 0;
    for (int number = 0; number < 200; number++) {
      int[] best = new MdpTask(number, STATES, ACTIONS).best(STEPS);
      int first = best[(STEPS - 1) * STATES];
      if (first != best[0]) {
        RandomMdp environment = new RandomMdp(1, STATES, ACTIONS, STEPS);
        environment.reset(new long[] {number}, new long[1]);
        float[] actions = new float[ACTIONS];
        environment.expert(actions);
        assertEquals(first, Choice.of(actions, 0, ACTIONS));
        found++;
      }
    }
    assertTrue(found > 10, "tasks where it does: " + found);
  }

  /** What the environment pays and where it goes, over many episodes, is what the task says. */
  @Test
  void theExpertEarnsWhatItsRuleIsWorth() {
    int count = 4000;
    RandomMdp environment = new RandomMdp(count, STATES, ACTIONS, STEPS);
    long[] tasks = new long[count];
    long[] seeds = new long[count];
    for (int i = 0; i < count; i++) {
      tasks[i] = 11;
      seeds[i] = i;
    }
    environment.reset(tasks, seeds);
    float[] actions = new float[count * ACTIONS];
    double sum = 0;
    while (!environment.done()) {
      environment.expert(actions);
      environment.step(actions);
      for (float reward : environment.rewards()) {
        sum += reward;
      }
    }
    MdpTask task = new MdpTask(11, STATES, ACTIONS);
    int[] best = task.best(STEPS);
    int[] rule = new int[STATES * STEPS];
    for (int step = 0; step < STEPS; step++) {
      System.arraycopy(best, (STEPS - 1 - step) * STATES, rule, step * STATES, STATES);
    }
    assertEquals(value(task, rule), sum / count, .15); // four standard errors
  }
}
