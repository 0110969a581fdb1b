package ringattention.bench.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.cuda.CudaTraits;
import ringattention.shard.Mask;

/** With rates that are the same for all sizes, everything can be computed by hand. */
class OverlapModelTest {
  private static final double F = 600e12;
  private static final double B = 300e9;
  private static final RateCurve ATTENTION = constant(64, F);
  private static final RateCurve NETWORK = constant(8, B);

  private static RateCurve constant(double from, double rate) {
    return new RateCurve(new double[] {from, 1e5 * from}, new double[] {rate, rate});
  }

  private static RingWork bf16(int ranks, Mask mask) {
    return new RingWork(
        ranks,
        mask,
        new HeadCounts(32, 32, 128),
        CudaTraits.planned(DType.BF16, false, 32768, 1e15));
  }

  private static OverlapModel model(int ranks, Mask mask, RingPass pass) {
    return new OverlapModel(bf16(ranks, mask), pass, ATTENTION, NETWORK, null);
  }

  /** The paper's c = F / B = 2000 tokens; under a causal mask twice as many. */
  @Test
  void theForwardHidesFromTheFormulaOn() {
    assertEquals(2000, model(2, Mask.FULL, RingPass.FORWARD).hidingTokens(), 1);
    assertEquals(4000, model(2, Mask.CAUSAL, RingPass.FORWARD).hidingTokens(), 3);
    assertEquals(4000, model(4, Mask.CAUSAL, RingPass.FORWARD).hidingTokens(), 3);
  }

  /**
   * Backward, 2.5 times the work: keys and values under a quarter of the own block need 3.2 F / B,
   * more than steps with 3 times the bytes under all of their work (2.4).
   */
  @Test
  void theBackwardHidesLater() {
    assertEquals(1.6 * 2000, model(2, Mask.FULL, RingPass.BACKWARD).hidingTokens(), 1);
    assertEquals(3.2 * 2000, model(2, Mask.CAUSAL, RingPass.BACKWARD).hidingTokens(), 5);
    assertEquals(3.2 * 2000, model(5, Mask.CAUSAL, RingPass.BACKWARD).hidingTokens(), 5);
  }

  @Test
  void waitIsWhatTheMessageTakesLonger() {
    OverlapModel model = model(2, Mask.FULL, RingPass.FORWARD);
    double square = 4.0 * 32 * 128 * 1000 * 1000 / F;
    double message = 2.0 * 1000 * 32 * 128 * 2 / B;
    assertEquals(2 * square, model.computeS(1000), 1e-12);
    assertEquals(message, model.messageS(1000), 1e-12);
    assertEquals(message - square, model.waitS(1000), 1e-12); // of the one hop of two ranks
    assertEquals(1.0 / 3, model.fraction(1000), 1e-9); // c = F / 2 B: message = 2 squares
    assertEquals(0, model.waitS(2001));
    assertFalse(model.hides(1999));
    assertTrue(model.hides(2001));
  }

  /** (m - w) / (m + w) = 0.05 of one hop and two squares: m = 1.05 / 0.95 w. */
  @Test
  void aLimitIsKeptBeforeAllIsHidden() {
    assertEquals(2000 * 0.95 / 1.05, model(2, Mask.FULL, RingPass.FORWARD).tokensWithin(0.05), 1);
  }

  @Test
  void aHostThatComputesWaitsForEveryMessage() {
    RateCurve memory = constant(8, 10 * B);
    OverlapModel model =
        new OverlapModel(bf16(2, Mask.FULL), RingPass.FORWARD, ATTENTION, NETWORK, memory);
    double message = 2.0 * 4000 * 32 * 128 * 2 / B;
    assertEquals(message / 10, model.waitS(4000), 1e-12);
    assertEquals(2000, model.hidingTokens(), 1);
  }

  @Test
  void tinyBlocksThatLaunchesMakeSlowAreNotTheAnswer() {
    // so slow at 64 tokens that messages are hidden there; at 512 they are not
    RateCurve attention =
        new RateCurve(new double[] {64, 512, 8192}, new double[] {F / 1000, F, F});
    OverlapModel model =
        new OverlapModel(bf16(2, Mask.FULL), RingPass.FORWARD, attention, NETWORK, null);
    assertTrue(model.hides(64));
    assertEquals(2000, model.hidingTokens(), 1);
  }

  @Test
  void boundsAreSaid() {
    RateCurve fast = constant(64, F);
    OverlapModel hidden =
        new OverlapModel(bf16(2, Mask.FULL), RingPass.FORWARD, fast, constant(8, 1e6 * B), null);
    assertEquals(64, hidden.hidingTokens(), "not smaller than what was measured");
    OverlapModel never =
        new OverlapModel(bf16(2, Mask.FULL), RingPass.FORWARD, fast, constant(8, 1e-6 * B), null);
    assertEquals(Double.POSITIVE_INFINITY, never.hidingTokens());
  }

  @Test
  void ratesBetweenSizesLieOnALineOfLogarithms() {
    RateCurve curve = new RateCurve(new double[] {10, 1000, 2000}, new double[] {1, 100, 400});
    assertEquals(1, curve.at(3));
    assertEquals(1, curve.at(10), 1e-12);
    assertEquals(10, curve.at(100), 1e-9);
    assertEquals(100, curve.at(1000), 1e-9);
    assertEquals(200, curve.at(1000 * Math.sqrt(2)), 1e-9);
    assertEquals(400, curve.at(1e9));
  }
}
