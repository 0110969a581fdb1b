package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VectorMathTest {
  @Test
  void exponentialIsWithinTwoUnitsInTheLastPlace() {
    double worst = 0;
    for (float from = -87.3f; from < 88.35f; from += 0.37f) {
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
    float[] x = new float[VectorMath.padded(11)];
    float[] special = {
      0,
      -0f,
      Float.NEGATIVE_INFINITY,
      -1e30f,
      -88,
      -87.34f,
      -Float.MIN_VALUE,
      -Float.MAX_VALUE,
      88.72284f,
      Float.MAX_VALUE,
      Float.POSITIVE_INFINITY
    };
    System.arraycopy(special, 0, x, 0, special.length);
    float infinity = Float.POSITIVE_INFINITY;
    float[] expected = {1, 1, 0, 0, 0, 0, 1, 0, infinity, infinity, infinity};
    assertArrayEquals(expected, Arrays.copyOf(exp(x), expected.length));
  }

  /** Quiet and signalling, of both signs, with the smallest and the largest payloads. */
  static int[] notNumbers() {
    return new int[] {
      0x7fc00000,
      0xffc00000,
      0x7fc00001,
      0xffc00001,
      0x7fffffff,
      0xffffffff,
      0x7f800001,
      0xff800001,
      0x7fbfffff,
      0xffbfffff,
      0x7fa55555,
      0xffe55555
    };
  }

  @ParameterizedTest
  @MethodSource("notNumbers")
  void notANumberStaysOneInEveryLane(int bits) {
    for (int lane = 0; lane < VectorMath.WIDTH; lane++) {
      float[] x = new float[VectorMath.WIDTH];
      x[lane] = Float.intBitsToFloat(bits);
      float[] exp = exp(x);
      float[] sigmoid = new float[x.length];
      VectorMath.sigmoid(VectorMath.load(x, 0)).intoArray(sigmoid, 0);
      for (int i = 0; i < x.length; i++) {
        assertEquals(i == lane ? Float.NaN : 1, exp[i], "exp, lane " + i);
        assertEquals(i == lane ? Float.NaN : 0.5f, sigmoid[i], "sigmoid, lane " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("notNumbers")
  void aRowWithOneThatIsNoNumberHasNoSum(int bits) {
    for (int n = 1; n <= 2 * VectorMath.WIDTH + 1; n++) {
      for (int at = 0; at < n; at++) {
        float[] row = new float[VectorMath.padded(n)];
        VectorMath.pad(row, n, Float.NEGATIVE_INFINITY);
        row[at] = Float.intBitsToFloat(bits);
        float max = VectorMath.max(row, n);
        assertTrue(Double.isNaN(VectorMath.exponentials(row, n, max)), at + " of " + n);
      }
    }
  }

  @Test
  void sigmoidOfInfinitiesIsItsLimit() {
    float[] x = new float[VectorMath.padded(2)];
    x[0] = Float.NEGATIVE_INFINITY;
    x[1] = Float.POSITIVE_INFINITY;
    float[] sigmoid = new float[x.length];
    VectorMath.sigmoid(VectorMath.load(x, 0)).intoArray(sigmoid, 0);
    assertArrayEquals(new float[] {0, 1}, Arrays.copyOf(sigmoid, 2));
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
