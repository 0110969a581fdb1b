package ringattention.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import ringattention.parallel.Parameter;
import ringattention.parallel.Parameter.Initial;

class RepeatedWeightsTest {
  private static final Parameter MATRIX =
      new Parameter("layer.weight", Initial.NORMAL, true, 4096, 4096);

  private final RepeatedWeights weights = new RepeatedWeights(7, 0.5);

  private float[] values(Parameter parameter, long index, int count) {
    float[] values = new float[count];
    weights.read(parameter, index, FloatBuffer.wrap(values));
    return values;
  }

  @Test
  void partsAreThoseOfTheWhole() {
    int count = 3 << 20; // goes round the numbers more than twice
    float[] whole = values(MATRIX, 5_000_000_000L, count);
    for (int from : new int[] {0, 1, 1 << 20, 2_097_166}) {
      float[] part = values(MATRIX, 5_000_000_000L + from, count - from);
      assertArrayEquals(Arrays.copyOfRange(whole, from, count), part);
    }
  }

  @Test
  void areNormalWithTheStandardDeviation() {
    double squares = 0;
    double sum = 0;
    float[] values = values(MATRIX, 0, 1 << 20);
    for (float value : values) {
      sum += value;
      squares += value * value;
    }
    assertEquals(0, sum / values.length, 0.005);
    assertEquals(0.5, Math.sqrt(squares / values.length), 0.005);
  }

  @Test
  void rowsAndParametersDiffer() {
    assertFalse(Arrays.equals(values(MATRIX, 0, 4096), values(MATRIX, 256 * 4096, 4096)));
    Parameter other = new Parameter("layer.other", Initial.NORMAL, true, 4096, 4096);
    assertFalse(Arrays.equals(values(MATRIX, 0, 4096), values(other, 0, 4096)));
  }

  @Test
  void normsAreOnes() {
    Parameter norm = new Parameter("norm.weight", Initial.ONES, false, 4096);
    assertArrayEquals(new float[] {1, 1, 1}, values(norm, 17, 3));
  }
}
