package ringattention.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.DoubleSummaryStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CartPoleTest {
  /** dm_control's tolerance around 0, with its sigmoids, by their definition. */
  private static double tolerance(double x, double margin, double atMargin, boolean quadratic) {
    double d = Math.abs(x) / margin;
    if (quadratic) {
      double scaled = d * Math.sqrt(1 - atMargin);
      return scaled < 1 ? 1 - scaled * scaled : 0;
    }
    double scaled = d * Math.sqrt(-2 * Math.log(atMargin));
    return Math.exp(-.5 * scaled * scaled);
  }

  private static double reward(double x, double cosine, double w, double u) {
    return (cosine + 1)
        / 2
        * ((1 + tolerance(x, 2, .1, false)) / 2)
        * ((4 + tolerance(u, 1, 0, true)) / 5)
        * ((1 + tolerance(w, 5, .1, false)) / 2);
  }

  @Test
  void rewardAndObservationAreThoseOfTheStateReached() {
    CartPole environment = new CartPole(1, false);
    environment.reset(new long[1], new long[] {7});
    float[] actions = new float[1];
    for (int step = 0; !environment.done(); step++) {
      actions[0] = (float) Math.sin(step * .07) * 2;
      environment.step(actions);
      double[] state = environment.physics();
      float[] seen = environment.observations();
      assertEquals(state[0], seen[0], 1e-6);
      assertEquals(Math.cos(state[1]), seen[1], 1e-7);
      assertEquals(Math.sin(state[1]), seen[2], 1e-7);
      assertEquals(state[2], seen[3], 1e-6);
      assertEquals(state[3], seen[4], 2e-6);
      double u = Math.max(-1, Math.min(1, actions[0]));
      assertEquals(
          reward(state[0], Math.cos(state[1]), state[3], u), environment.rewards()[0], 1e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 0, 0, 1", // still and upright over the middle
    "0, -1, 0, 0, 0",
    "2, 1, 0, 0, .55", // tolerance is .1 at the margin
    "0, 1, -5, 0, .55",
    "0, 1, 0, -1, .8",
    "0, 0, 0, .5, .475",
  })
  void rewardByHand(double x, double cosine, double w, double control, double expected) {
    assertEquals(expected, CartPoleReward.of(x, cosine, w, control), 1e-15);
  }

  @Test
  void hangsStillAtFirst() {
    int count = 400;
    CartPole environment = new CartPole(count, false);
    long[] seeds = new long[count];
    for (int i = 0; i < count; i++) {
      seeds[i] = i;
    }
    environment.reset(new long[count], seeds);
    double[] hanging = {0, Math.PI, 0, 0};
    for (int j = 0; j < hanging.length; j++) {
      double sum = 0;
      double squares = 0;
      for (int i = 0; i < count; i++) {
        double off = environment.physics()[i * hanging.length + j] - hanging[j];
        sum += off;
        squares += off * off;
      }
      assertEquals(0, sum / count, .01 * 4 / Math.sqrt(count));
      assertEquals(.01, Math.sqrt(squares / count), .01 * .15);
    }
  }

  @Test
  void motorsPullEitherWayAndPolesDifferInLength() {
    DoubleSummaryStatistics gears = new DoubleSummaryStatistics();
    DoubleSummaryStatistics lengths = new DoubleSummaryStatistics();
    int turned = 0;
    for (int number = 0; number < 400; number++) {
      CartPoleTask task = CartPoleTask.of(number);
      turned += task.gear() < 0 ? 1 : 0;
      gears.accept(Math.abs(task.gear()));
      lengths.accept(task.length());
    }
    assertEquals(200, turned, 50);
    assertEquals(7, gears.getMin(), .1);
    assertEquals(14, gears.getMax(), .1);
    assertEquals(.6, lengths.getMin(), .02);
    assertEquals(1.4, lengths.getMax(), .02);
  }

  /** Without the task's gear, direction or length most of these would fall. */
  @Test
  void theExpertSwingsUpWhateverTheTask() {
    assertTrue(returns(false) > 800, "of the task of dm_control: " + returns(false));
    assertTrue(returns(true) > 650, "of hidden ones: " + returns(true));
  }

  private static double returns(boolean hidden) {
    int count = 24;
    CartPole environment = new CartPole(count, hidden);
    long[] numbers = new long[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = i;
    }
    environment.reset(numbers, numbers);
    float[] actions = new float[count];
    double sum = 0;
    while (!environment.done()) {
      environment.expert(actions);
      environment.step(actions);
      for (float reward : environment.rewards()) {
        sum += reward;
      }
    }
    return sum / count;
  }
}
