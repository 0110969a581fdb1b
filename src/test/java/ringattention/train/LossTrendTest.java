package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LossTrendTest {
  /** Losses of a run that diverged at once and had come half way down again. */
  private static final double[] WILD = {
    5.53, 4925, 7806, 9185, 6720, 7823, 10996, 4597, 259, 167, 113, 78.2
  };

  /** The same with a smaller learning rate. */
  private static final double[] RISEN = {
    5.53, 64.9, 42.1, 35.6, 28.4, 23.3, 20.4, 13.4, 12.8, 9.83, 10.4, 6.58
  };

  @ParameterizedTest
  @ValueSource(ints = {10, 12, 19, 20, 33, 100, 1000})
  void scatterAloneIsNoRise(int steps) {
    Random random = new Random(steps);
    for (int run = 0; run < 500; run++) {
      double[] losses =
          random.doubles(steps).map(x -> 5.545 + 0.02 * (x + random.nextGaussian())).toArray();
      double rise = LossTrend.of(losses).rise();
      assertTrue(rise <= 1, () -> "rise " + rise + " of run with " + steps + " steps");
    }
  }

  @Test
  void sameLossesAreNoRise() {
    double[] losses = new double[50];
    Arrays.fill(losses, 3.25);
    assertTrue(LossTrend.of(losses).rise() <= 1);
    losses[49] += 1e-7; // rounding of a sum in fp32
    assertTrue(LossTrend.of(losses).rise() <= 1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.003, 0.1, 1})
  void steadyRiseIsOne(double slope) {
    Random random = new Random(7);
    double[] losses =
        IntStream.range(0, 200)
            .mapToDouble(step -> 5.5 + slope * step + 0.01 * random.nextGaussian())
            .toArray();
    assertTrue(LossTrend.of(losses).rise() > 1);
  }

  @Test
  void divergedRunHasRisen() {
    assertTrue(LossTrend.of(WILD).rise() > 1);
    assertTrue(LossTrend.of(RISEN).rise() > 1);
  }

  @Test
  void fallIsNoRise() {
    double[] losses = IntStream.range(0, 40).mapToDouble(step -> 5.5 / (1 + step)).toArray();
    assertTrue(LossTrend.of(losses).rise() < 0);
  }

  @Test
  void aTenthOfFewStepsIsNone() {
    assertThrows(IllegalArgumentException.class, () -> LossTrend.of(new double[9]));
  }
}
