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
  void noValues() {
    assertThrows(IllegalArgumentException.class, Statistics::of);
  }
}
