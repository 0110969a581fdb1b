package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;

/**
 * The thresholds of validation/compare.md, with numbers for which they are easily found by hand.
 */
class ThresholdsTest {
  private static final Thresholds SINGLE = new Thresholds(new Rounding(DType.F32, DType.F32));
  private static final Thresholds MIXED = new Thresholds(new Rounding(DType.BF16, DType.F32));

  @Test
  void ratiosOfFewElementsMayScatterMore() {
    assertEquals(3, Thresholds.largestRatio(9), 1e-15);
    assertEquals(2.25, Thresholds.largestRatio(36), 1e-15);
    assertEquals(1.5, Thresholds.largestRatio(Integer.MAX_VALUE), 1e-3);
  }

  @Test
  void shortSumsOfManyRanksMayBeMoreExact() {
    assertEquals(0.1, Thresholds.leastRatio(1));
    assertEquals(0.05, Thresholds.leastRatio(4));
    assertEquals(0.01, Thresholds.leastRatio(100), 1e-17);
  }

  @Test
  void aRatioSaysNothingBelowARoundingOfTheSums() {
    assertEquals(1, SINGLE.ratioFloor());
    assertEquals(0x1p-16, MIXED.ratioFloor());
  }

  /** A head of 32: a score's error is 3 sqrt(16) roundings. */
  @Test
  void errorsAddUpOverLayersForwardAndBackward() {
    ModelConfig model =
        new ModelConfig(
            61,
            32,
            3,
            new HeadCounts(4, 2, 8),
            40,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            0.1,
            Optional.empty());
    assertEquals(4 * (12 + 4), SINGLE.attentionGradient(32));
    assertEquals(3 * (12 + 4), SINGLE.loss(model));
    assertEquals(2 * 3 * 4 * (12 + 4), SINGLE.parameterGradient(model));
  }
}
