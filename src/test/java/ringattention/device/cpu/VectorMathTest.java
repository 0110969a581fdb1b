package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VectorMathTest {
  @Test
  void exponentialIsWithinTwoUnitsInTheLastPlace() {
    double worst = 0;
    for (float from = -87.3f; from < 20; from += 0.37f) {
      float[] x = new float[64 * VectorMath.WIDTH];
      float start = from;
      float[] arguments = new float[x.length];
      for (int i = 0; i < x.length; i++) {
        arguments[i] = start + 0.37f * i / x.length;
      }
      float[] actual = exp(arguments);
      for (int i = 0; i < x.length; i++) {
        double expected = Math.exp(arguments[i]);
        worst = Math.max(worst, Math.abs(actual[i] - expected) / Math.ulp((float) expected));
      }
    }
    assertTrue(worst <= 2, "off by " + worst + " units");
  }

  @Test
  void exponentialOfSpecialValues() {
    float[] x = new float[VectorMath.padded(9)];
    float[] special = {
      0,
      -0f,
      Float.NEGATIVE_INFINITY,
      -1e30f,
      -88,
      -87.34f,
      Float.NaN,
      -Float.MIN_VALUE,
      -Float.MAX_VALUE
    };
    System.arraycopy(special, 0, x, 0, special.length);
    float[] expected = {1, 1, 0, 0, 0, 0, Float.NaN, 1, 0};
    assertArrayEquals(expected, Arrays.copyOf(exp(x), expected.length));
  }

  @Test
  void exponentialHasTheSameBitsColdAndHot() {
    float[] x = new float[4096];
    for (int i = 0; i < x.length; i++) {
      x[i] = -90f * i / x.length + 0.3f * (i % 7);
    }
    float[] cold = exp(x);
    for (int i = 0; i < 3000; i++) {
      float[] hot = exp(x);
      assertEquals(Arrays.hashCode(cold), Arrays.hashCode(hot), "repetition " + i);
    }
    assertArrayEquals(cold, exp(x));
  }

  private static float[] exp(float[] x) {
    float[] result = new float[x.length];
    for (int i = 0; i < x.length; i += VectorMath.WIDTH) {
      VectorMath.exp(VectorMath.load(x, i)).intoArray(result, i);
    }
    return result;
  }
}
