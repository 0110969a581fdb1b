package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import ringattention.device.HeadCounts;

/**
 * Frequencies and magnitudes beside numbers from the formulas of transformers' modeling_rope_utils,
 * written out in numpy in double; transformers 5.18 itself is within 3e-7 of them, in fp32.
 */
class RotaryFrequenciesTest {
  private static final double LAST_BITS = 1e-13; // relative

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

  private static void assertFrequencies(double[] found, int[] indices, double... expected) {
    assertEquals(indices.length, expected.length);
    for (int i = 0; i < indices.length; i++) {
      double last = LAST_BITS * expected[i];
      assertEquals(expected[i], found[indices[i]], last, "frequency " + indices[i]);
    }
  }

  @Test
  void areRootsOfTheta() {
    assertArrayEquals(new double[] {1, 0.1, 0.01}, frequencies(6, 1000, RopeScaling.NONE), 1e-17);
    assertEquals(1, RopeScaling.NONE.magnitude());
  }

  @Test
  void linearDividesAll() {
    RopeScaling scaling = new LinearRope(4);
    assertArrayEquals(new double[] {0.25, 0.025, 0.0025}, frequencies(6, 1000, scaling), 1e-17);
    assertEquals(1, scaling.magnitude());
  }

  /** Llama 3.1's: up to 28 they stay, 29 to 34 are smooth, from 35 on they are divided by 8. */
  @Test
  void llama3IsThatOfTransformers() {
    RopeScaling scaling = new Llama3Rope(8, 1, 4, 8192);
    assertEquals(1, scaling.magnitude());
    assertFrequencies(
        frequencies(128, 500000, scaling),
        new int[] {0, 28, 29, 31, 34, 35, 63},
        1.0,
        0.0032114459947525913,
        0.002166570763503359,
        0.0008567514129196321,
        0.00017850781276799638,
        9.556212353964683e-05,
        3.068925988914511e-07);
  }

  /** Llama 3.2 1B's: pairs 0 to 14 stay, 15 to 17 are smooth, 18 to 31 are divided by 32. */
  @Test
  void llama3OfSmallHeads() {
    double[] plain = frequencies(64, 500000, RopeScaling.NONE);
    double[] found = frequencies(64, 500000, new Llama3Rope(32, 1, 4, 8192));
    for (int i = 0; i < 32; i++) {
      if (i < 15) {
        assertEquals(plain[i], found[i]);
      } else if (i >= 18) {
        assertEquals(plain[i] / 32, found[i]);
      }
    }
    assertFrequencies(
        found,
        new int[] {14, 15, 16, 17, 18},
        0.0032114459947525913,
        0.001290547928209264,
        0.00042955679655936815,
        9.70828780262767e-05,
        1.9461638184831125e-05);
  }

  /** Of heads of 128 and a context of 32768: pairs 0 to 23 stay, from 40 on they are divided. */
  @Test
  void yarnIsThatOfTransformers() {
    YarnRope scaling = new YarnRope(4, 32768, YarnRope.attentionFactor(4), 32, 1, true);
    assertFrequencies(
        frequencies(128, 1e6, scaling),
        new int[] {0, 23, 24, 31, 39, 40, 63},
        1.0,
        0.006978305848598663,
        0.005375321490790102,
        0.0008029597275452302,
        6.490394320837029e-05,
        4.445698525097307e-05,
        3.102344401879299e-07);
  }

  /** The ramp from 12.1 to 20.1 has no whole end. */
  @Test
  void yarnWithoutWholePairs() {
    assertFrequencies(
        frequencies(64, 1e4, new YarnRope(8, 4096, 1, 20, 2, false)),
        new int[] {0, 12, 13, 20, 21, 31},
        1.0,
        0.03162277660168379,
        0.021392904994889324,
        0.0004316708971254592,
        0.0002964217132077069,
        1.666901790204155e-05);
  }

  /** A context of 2 positions, which no pair turns often: all but the first are divided. */
  @Test
  void yarnWithoutARamp() {
    double[] found = frequencies(8, 1e4, new YarnRope(4, 2, 1, 32, 1, true));
    assertArrayEquals(new double[] {1, 0.025, 0.0025, 0.00025}, found, 1e-17);
  }

  @Test
  void magnitudesOfYarn() {
    assertEquals(1.138629436111989, YarnRope.attentionFactor(4), 1e-15);
    assertEquals(1.296476992780706, Math.pow(YarnRope.attentionFactor(4), 2), 1e-15); // of scores
    assertEquals(1.4158883083359672, YarnRope.attentionFactor(64), 1e-15);
    assertEquals(1, YarnRope.attentionFactor(0.5));
    double ratio = YarnRope.attentionFactor(40, 0.707) / YarnRope.attentionFactor(40, 1);
    assertEquals(0.9210423553163399, ratio, 1e-15);
    assertEquals(1.75, new YarnRope(4, 32768, 1.75, 32, 1, true).magnitude());
  }

  @Test
  void longRopeTakesOneOfTwoLists() {
    LongRope scaling =
        new LongRope(
            List.of(1., 1.02, 1.5, 4.),
            List.of(1.08, 1.11, 20., 64.),
            32,
            4096,
            LongRope.attentionFactor(32, 4096),
            false);
    int[] all = {0, 1, 2, 3};
    double[] within = {1.0, 0.09803921568627452, 0.006666666666666667, 0.00025};
    double[] behind = {0.9259259259259258, 0.09009009009009007, 0.0005, 1.5625e-05};
    assertFrequencies(frequencies(8, 1e4, scaling), all, within);
    assertFrequencies(frequencies(8, 1e4, scaling.forLength(4096)), all, within);
    assertFrequencies(frequencies(8, 1e4, scaling.forLength(4097)), all, behind);
    assertFrequencies(frequencies(8, 1e4, scaling.forLength(4097).forLength(9)), all, within);
    assertEquals(1.1902380714238083, scaling.magnitude(), 1e-15);
    assertEquals(1, LongRope.attentionFactor(1, 4096));
  }

  /** What a model is trained on is no part of its frequencies, but for the lists of longrope. */
  @Test
  void lengthsChangeNoOthers() {
    for (RopeScaling scaling :
        List.of(
            RopeScaling.NONE,
            new LinearRope(4),
            new Llama3Rope(8, 1, 4, 8192),
            new YarnRope(4, 32768, 1, 32, 1, true))) {
      assertEquals(scaling, scaling.forLength(1));
      assertEquals(scaling, scaling.forLength(1 << 20));
    }
  }
}
