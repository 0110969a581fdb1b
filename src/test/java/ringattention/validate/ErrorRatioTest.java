package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Errors count in steps of their own row, and nearly none says nothing. */
class ErrorRatioTest {
  @Test
  void everyRowHasItsOwnScale() {
    double[] truth = {1, 2, 300, 400};
    double[] result = {1.5, 2.5, 350, 450}; // half of the scale, which is 4 steps
    ErrorRatio ratio = ErrorRatio.of(result, truth, truth, new double[] {1, 100}, 0.125, 1);
    assertEquals(4, ratio.error(), 1e-12);
    assertEquals(0, ratio.otherError());
  }

  /** A tenth of the floor, which is 2, is the least error that is compared with. */
  @Test
  void lessThanATenthOfTheFloorIsNoError() {
    assertEquals(0, new ErrorRatio(0, 0.19, 2).least(0.5));
    assertEquals(0, new ErrorRatio(0, 0.06, 2).least(0.5));
    assertEquals(0.5 * 0.2 / 2, new ErrorRatio(0, 0.2, 2).least(0.5));
  }
}
