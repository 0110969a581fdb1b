package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class LargestTest {
  @Test
  void ofNumbers() {
    assertEquals(3, Largest.of(DoubleStream.of(1, 3, 2)));
    assertEquals(0, Largest.of(DoubleStream.empty()));
    assertEquals(4, Largest.magnitude(1, -4, 2));
    assertEquals(Double.POSITIVE_INFINITY, Largest.magnitude(Double.NEGATIVE_INFINITY, 2));
  }

  @Test
  void notANumberWinsWhereverItStands() {
    for (int at = 0; at < 3; at++) {
      double[] values = {1, 3, 2};
      values[at] = Double.NaN;
      assertTrue(Double.isNaN(Largest.of(DoubleStream.of(values))));
      assertTrue(Double.isNaN(Largest.magnitude(values)));
    }
  }
}
