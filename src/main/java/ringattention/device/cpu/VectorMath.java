package ringattention.device.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Vector arithmetic that gives the same bits interpreted and compiled. Only operations that IEEE
 * 754 defines exactly are used: the Vector API's own EXP and the order of its ADD reduction both
 * change with the compiler.
 *
 * <p>Arrays of rows end in padding: their length is a multiple of {@link #WIDTH}, so that no loop
 * needs a tail.
 */
final class VectorMath {
  static final VectorSpecies<Float> LANES = FloatVector.SPECIES_PREFERRED;
  static final int WIDTH = LANES.length();

  /** Vectors whose lanes are added in float before the sum moves on in double. */
  private static final int RUN = 64;

  // vectors, not floats: broadcasting each would fill the compiler's budget for a method three
  // times over
  private static final FloatVector LOG2_E = all(1.44269504f);
  private static final FloatVector ROUND =
      all(0x1.8p23f); // adding it rounds to an integer, then in the low bits
  private static final FloatVector MINUS_LN2_HIGH =
      all(-0.693359375f); // few bits, so that its multiples are exact
  private static final FloatVector MINUS_LN2_LOW = all(2.12194440e-4f);
  private static final FloatVector SMALLEST =
      all(-87.3365f); // just above the logarithm of the smallest normal float
  private static final FloatVector OVERFLOW =
      all(88.72284f); // the smallest float whose exponential is no float
  private static final FloatVector LARGEST = all(Float.MAX_VALUE);
  private static final FloatVector C7 = all(1.9875691500e-4f);
  private static final FloatVector C6 = all(1.3981999507e-3f);
  private static final FloatVector C5 = all(8.3334519073e-3f);
  private static final FloatVector C4 = all(4.1665795894e-2f);
  private static final FloatVector C3 = all(1.6666665459e-1f);
  private static final FloatVector C2 = all(5.0000001201e-1f);
  private static final FloatVector ONE = all(1);
  private static final FloatVector ZERO = all(0);

  private VectorMath() {}

  /** The smallest multiple of the vector width that holds n elements. */
  static int padded(int n) {
    return (n + WIDTH - 1) / WIDTH * WIDTH;
  }

  /** Fills the padding behind n elements. */
  static void pad(float[] row, int n, float value) {
    Arrays.fill(row, n, padded(n), value);
  }

  /**
   * Natural exponential within 2 units in the last place; 0 where the result would be below the
   * normal floats, for minus infinity too; infinity where it would be above them. Every NaN stays
   * one. Polynomial of Cephes' expf (Moshier).
   */
  static FloatVector exp(FloatVector x) {
    FloatVector shifted = x.fma(LOG2_E, ROUND);
    FloatVector power = shifted.sub(ROUND);
    FloatVector rest = power.fma(MINUS_LN2_LOW, power.fma(MINUS_LN2_HIGH, x));
    FloatVector series = C7.fma(rest, C6).fma(rest, C5).fma(rest, C4).fma(rest, C3).fma(rest, C2);
    FloatVector mantissa = series.fma(rest.mul(rest), rest).add(ONE);
    FloatVector scaled =
        mantissa
            .reinterpretAsInts()
            .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
            .reinterpretAsFloats();
    // the bits put together above know neither NaN nor overflow; a product does, of both
    VectorMask<Float> inRange = x.compare(VectorOperators.LT, OVERFLOW);
    return x.mul(LARGEST)
        .blend(scaled, inRange)
        .blend(ZERO, x.compare(VectorOperators.LT, SMALLEST));
  }

  /** 1 / (1 + exp(-x)), through the exponential of -|x|, which cannot overflow. */
  static FloatVector sigmoid(FloatVector x) {
    FloatVector small = exp(x.abs().neg());
    return ONE.blend(small, x.compare(VectorOperators.LT, ZERO)).div(small.add(ONE));
  }

  /**
   * Maximum that may pass NaN over: the exponential of its difference from any maximum is NaN, so
   * sums of exponentials have it.
   */
  static FloatVector max(FloatVector a, FloatVector b) {
    VectorMask<Float> greater = b.compare(VectorOperators.GT, a);
    return a.blend(b, greater);
  }

  /** Maximum of a row that is padded with minus infinity. */
  static float max(float[] row, int n) {
    FloatVector lanes = all(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += WIDTH) {
      lanes = max(lanes, load(row, i));
    }
    float max = Float.NEGATIVE_INFINITY;
    for (float lane : lanes.toArray()) {
      max = lane > max ? lane : max;
    }
    return max;
  }

  /**
   * Replaces a row that is padded with minus infinity by exp(row - shift) and returns the sum of
   * that.
   */
  static double exponentials(float[] row, int n, float shift) {
    double sum = 0;
    for (int from = 0; from < n; from += RUN * WIDTH) {
      FloatVector lanes = all(0);
      for (int i = from; i < Math.min(n, from + RUN * WIDTH); i += WIDTH) {
        FloatVector exp = exp(load(row, i).sub(shift));
        exp.intoArray(row, i);
        lanes = lanes.add(exp);
      }
      sum += sum(lanes);
    }
    return sum;
  }

  /** Sum of products of two rows that are padded with zeros. */
  static double dot(float[] a, float[] b, int n) {
    double sum = 0;
    for (int from = 0; from < n; from += RUN * WIDTH) {
      FloatVector lanes = all(0);
      for (int i = from; i < Math.min(n, from + RUN * WIDTH); i += WIDTH) {
        lanes = load(a, i).fma(load(b, i), lanes);
      }
      sum += sum(lanes);
    }
    return sum;
  }

  /** row *= factor, padding included. */
  static void scale(float[] row, int n, float factor) {
    for (int i = 0; i < n; i += WIDTH) {
      load(row, i).mul(factor).intoArray(row, i);
    }
  }

  /** Sum over the lanes, in their order. */
  static double sum(FloatVector lanes) {
    double sum = 0;
    for (float lane : lanes.toArray()) {
      sum += lane;
    }
    return sum;
  }

  static FloatVector load(float[] row, int index) {
    return FloatVector.fromArray(LANES, row, index);
  }

  static FloatVector all(float value) {
    return FloatVector.broadcast(LANES, value);
  }
}
