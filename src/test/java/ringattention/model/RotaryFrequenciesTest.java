package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import ringattention.device.HeadCounts;

class RotaryFrequenciesTest {
  private static double[] frequencies(int headSize, double theta, RopeScaling scaling) {
    return RotaryFrequencies.of(
        new ModelConfig(
            256,
            headSize,
            1,
            new HeadCounts(1, 1, headSize),
            8,
            theta,
            scaling,
            1e-5,
            false,
            0.02,
            Optional.empty()));
  }

  @Test
  void areRootsOfTheta() {
    assertArrayEquals(new double[] {1, 0.1, 0.01}, frequencies(6, 1000, RopeScaling.NONE), 1e-17);
  }

  @Test
  void linearDividesAll() {
    RopeScaling scaling = new RopeScaling(RopeScalingKind.LINEAR, 4, 1, 4, 8192);
    assertArrayEquals(new double[] {0.25, 0.025, 0.0025}, frequencies(6, 1000, scaling), 1e-17);
  }

  /**
   * Llama 3.1's numbers, from transformers' _compute_llama3_parameters in double: up to 28 they
   * stay, 29 to 34 are smooth, from 35 on they are divided by 8.
   */
  @Test
  void llama3IsThatOfTransformers() {
    RopeScaling scaling = new RopeScaling(RopeScalingKind.LLAMA3, 8, 1, 4, 8192);
    double[] found = frequencies(128, 500000, scaling);
    int[] indices = {0, 28, 29, 31, 34, 35, 63};
    double[] expected = {
      1.0,
      0.0032114459947525913,
      0.002166570763503359,
      0.0008567514129196321,
      0.00017850781276799638,
      9.556212353964683e-05,
      3.068925988914511e-07
    };
    for (int i = 0; i < indices.length; i++) {
      assertEquals(expected[i], found[indices[i]], 1e-13 * expected[i], "frequency " + indices[i]);
    }
  }
}
