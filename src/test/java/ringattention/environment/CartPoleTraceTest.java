package ringattention.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.random.Seed;

/**
 * Cart and pole move as MuJoCo moves them: {@code cartpole.txt} has what MuJoCo 2.2.2 did, and how
 * it was made stands in {@code trace.c} beside it.
 */
class CartPoleTraceTest {
  private static final Path TRACE = Path.of("src/test/resources/environment/cartpole.txt");
  private static final int STATE = 4;

  /** Rounding grows along an episode, to 7e-11 of these nine; a wrong digit of a constant to 1. */
  private static final double MOST = 1e-9;

  @Test
  void movesAsMujocoDoesOverWholeEpisodes() throws IOException {
    CartPoleBody body = null;
    double[] state = new double[STATE];
    int episodes = 0;
    int compared = 0;
    int beyond = 0;
    for (String line : Files.readAllLines(TRACE)) {
      List<String> words = List.of(line.split(" "));
      if (words.get(0).equals("episode")) {
        body = new CartPoleBody(new CartPoleTask(number(words, 1), number(words, 2)));
        episodes++;
      } else if (words.get(0).equals("start")) {
        Arrays.setAll(state, i -> number(words, i + 1));
        body.begin(state, 0);
      } else if (!words.get(0).equals("#")) {
        int controls = words.size() - STATE;
        for (int i = 0; i < controls; i++) {
          body.step(state, 0, number(words, i) / 1024);
        }
        for (int i = 0; i < STATE; i++) {
          double expected = number(words, controls + i);
          assertEquals(expected, state[i], MOST * Math.max(1, Math.abs(expected)), line);
        }
        compared++;
        beyond += Math.abs(state[0]) > CartPoleBody.RANGE ? 1 : 0;
      }
    }
    assertEquals(9, episodes);
    assertEquals(900, compared);
    assertTrue(beyond > 100, "the limits are met: " + beyond);
  }

  private static double number(List<String> words, int place) {
    return Double.parseDouble(words.get(place));
  }

  @Test
  void aMotorThatPullsTheOtherWayIsTheOtherControl() {
    CartPoleBody one = new CartPoleBody(new CartPoleTask(10, 1));
    CartPoleBody other = new CartPoleBody(new CartPoleTask(-10, 1));
    double[] states = {.1, 3, -.2, .4, .1, 3, -.2, .4};
    one.begin(states, 0);
    other.begin(states, STATE);
    for (int step = 0; step < 40; step++) {
      one.step(states, 0, .5);
      other.step(states, STATE, -.5);
    }
    assertTrue(states[2] > 0);
    for (int i = 0; i < STATE; i++) {
      assertEquals(states[i], states[STATE + i]);
    }
  }

  /** Around multiples of pi/2 the reduction is all there is. */
  @Test
  void sineAndCosineAreThoseOfJava() {
    SineCosine both = new SineCosine();
    Seed seed = Seed.of(1, "angles");
    for (int i = 0; i < 20_000; i++) {
      double wide = (seed.uniform(i) - .5) * (i % 2 == 0 ? 20 : 2e5);
      double angle = i % 4 < 2 ? wide : Math.rint(wide) * Math.PI / 2 + (i % 7 - 3) * 1e-9;
      both.of(angle);
      assertEquals(StrictMath.sin(angle), both.sine(), 1.2e-16, () -> "sine of " + angle);
      assertEquals(StrictMath.cos(angle), both.cosine(), 1.2e-16, () -> "cosine of " + angle);
    }
    both.of(1e9);
    assertEquals(StrictMath.sin(1e9), both.sine());
    both.of(Double.NaN);
    assertTrue(Double.isNaN(both.cosine()));
  }
}
