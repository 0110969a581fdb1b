package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class StatisticsTest {
  @Test
  void oddAndEvenCounts() {
    assertEquals(new Statistics(1, 2, 9, 4), Statistics.of(9, 1, 2));
    assertEquals(new Statistics(1, 2.5, 9, 3.75), Statistics.of(9, 1, 2, 3));
    assertEquals(new Statistics(-4, -4, -4, -4), Statistics.of(-4));
  }

  @Test
  void oneValueThatIsNotANumberSpoilsAll() {
    assertEquals(
        new Statistics(Double.NaN, Double.NaN, Double.NaN, Double.NaN),
        Statistics.of(1, Double.NaN, 2));
  }

  @Test
  void percentilesAreOfTheValues() {
    double[] values = new double[200];
    for (int i = 0; i < values.length; i++) {
      values[i] = 200 - i;
    }
    assertEquals(100, Statistics.percentile(50, values));
    assertEquals(198, Statistics.percentile(99, values));
    assertEquals(200, Statistics.percentile(100, values));
    assertEquals(1, Statistics.percentile(0.1, values));
    assertEquals(7, Statistics.percentile(99, 7));
    assertEquals(Double.NaN, Statistics.percentile(50, 1, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Statistics.percentile(50));
    assertThrows(IllegalArgumentException.class, () -> Statistics.percentile(0, 1));
  }

  @Test
  void noValues() {
    assertThrows(IllegalArgumentException.class, Statistics::of);
  }
}
