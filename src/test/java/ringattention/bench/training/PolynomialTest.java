package ringattention.bench.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PolynomialTest {
  private static final double[] LENGTHS = {1024, 2048, 4096, 8192, 32768};

  @Test
  void findsThePolynomialThatPointsLieOn() {
    Polynomial truth = new Polynomial(5e9, 70000, 128);
    double[] bytes = Arrays.stream(LENGTHS).map(truth::at).toArray();
    assertEquals(5e9 + 70000.0 * 1024 + 128.0 * 1024 * 1024, bytes[0]);
    Polynomial fit = Polynomial.fit(2, LENGTHS, bytes);
    for (int power = 0; power <= 2; power++) {
      assertEquals(1, fit.coefficient(power) / truth.coefficient(power), 1e-6, "power " + power);
    }
    assertEquals(0, fit.relativeError(LENGTHS, bytes), 1e-9);
  }

  @Test
  void liesBetweenPointsThatAreNotOnALine() {
    double[] x = {0, 1, 2};
    double[] y = {1, 4, 1}; // the mean of each end's distance is the middle's half
    Polynomial line = Polynomial.fit(1, x, y);
    assertArrayEquals(new double[] {2, 0}, line.coefficients(), 1e-12);
    assertEquals(1, line.relativeError(x, y), 1e-12, "2 instead of 1");
  }

  @Test
  void needsMorePointsThanItsDegree() {
    double[] two = {1, 2};
    assertThrows(IllegalArgumentException.class, () -> Polynomial.fit(2, two, two));
  }
}
