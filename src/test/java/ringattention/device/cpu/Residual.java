package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;

/** Distance of fp32 results from float64 ones, in roundings of the largest value. */
final class Residual {
  private Residual() {}

  /** max|actual - expected| / (2^-23 max(|expected|)) is at most {@code roundings}. */
  static void assertWithin(double roundings, double[] expected, double[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    double size = Arrays.stream(expected).map(Math::abs).max().orElse(0);
    for (int i = 0; i < expected.length; i++) {
      double distance = Math.abs(actual[i] - expected[i]);
      assertTrue(
          expected[i] == actual[i] || distance <= roundings * 0x1p-23 * size,
          what
              + "["
              + i
              + "] is "
              + actual[i]
              + ", not "
              + expected[i]
              + " (largest "
              + size
              + ")");
    }
  }
}
