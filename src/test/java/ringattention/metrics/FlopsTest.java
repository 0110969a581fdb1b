package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlopsTest {
  /** Llama 7B: 202,375,168 weights in the products of a block, 131,072,000 in the loss head. */
  private static final ModelFlops LLAMA_7B = new ModelFlops(4096, 32, 32, 32, 128, 11008, 32000);

  @Test
  void countsOfLlama7BAtSixtyFourThousandTokens() {
    // by hand: 3 (2 (32 x 202375168 + 131072000) 65536 + 2 x 65536^2 x 4096 x 32)
    assertEquals(5_975_708_258_009_088.0, LLAMA_7B.causalExact(1, 65536));
    // 3 x 32 (24 x 65536 x 4096^2 + 4 x 65536^2 x 4096)
    assertEquals(9_288_674_231_451_648.0, LLAMA_7B.paper(1, 65536));
    // 2 x 65536 (32 (4 x 202375168 - 4096 x 11008) + 3 x 131072000) + 3.5 or 4.5 x 2 x 65536^2 x
    // 4096 x 32
    assertEquals(7_198_365_188_096_000.0, LLAMA_7B.hardware(1, 65536, Recompute.products(32, 0)));
    assertEquals(8_324_265_094_938_624.0, LLAMA_7B.hardware(1, 65536, Recompute.products(32, 32)));
  }

  /** The difference of two counts is that of the products that one does not compute again. */
  @Test
  void whatIsKeptIsNotComputedAgain() {
    double attention = LLAMA_7B.attention().forwardAndBackward(1, 65536) * 32;
    double kept = LLAMA_7B.hardware(1, 65536, new Recompute(0, 0, 0, 0));
    assertEquals(2.0 * 65536 * 3 * (32 * 202_375_168.0 + 131_072_000) + attention, kept);
    double again = 2.0 * 65536 * 4096; // FLOPs for a row of a weight
    assertEquals(again * 3 * 4096, LLAMA_7B.hardware(1, 65536, new Recompute(0, 1, 0, 0)) - kept);
    assertEquals(again * 2 * 4096, LLAMA_7B.hardware(1, 65536, new Recompute(0, 0, 1, 0)) - kept);
    assertEquals(
        again * (4096 + 2 * 11008), LLAMA_7B.hardware(1, 65536, new Recompute(0, 0, 0, 1)) - kept);
    ModelFlops grouped = new ModelFlops(4096, 32, 32, 8, 128, 11008, 32000);
    double ofGrouped = grouped.hardware(1, 65536, new Recompute(0, 0, 0, 0));
    assertEquals(
        again * (4096 + 2 * 1024),
        grouped.hardware(1, 65536, new Recompute(0, 1, 0, 0)) - ofGrouped);
    assertEquals(
        again * (4096 + 1024), grouped.hardware(1, 65536, new Recompute(0, 0, 1, 0)) - ofGrouped);
    assertThrows(IllegalArgumentException.class, () -> new Recompute(0, 0, 0, -1));
    assertThrows(
        IllegalArgumentException.class,
        () -> LLAMA_7B.hardware(1, 65536, new Recompute(0, 0, 0, 33)));
  }

  /** Seconds a step and causal MFU published for two H200s; ties the count to the literature's. */
  @ParameterizedTest
  @CsvSource({"65536, 8.93, 0.338", "131072, 26.8, 0.353", "262144, 89.8, 0.363"})
  void causalUtilizationIsTheOneOthersReport(long sequence, double seconds, double expected) {
    Mfu shares = LLAMA_7B.step(1, sequence, Recompute.products(32, 0)).mfu(seconds, 2, 989.4e12);
    assertEquals(expected, shares.causalExact(), 0.0005);
  }

  @Test
  void eachBlockThatRecomputesAttentionCostsOneForward() {
    double forward = LLAMA_7B.attention().forward(1, 65536);
    double saved = LLAMA_7B.hardware(1, 65536, Recompute.products(32, 0));
    assertEquals(5 * forward, LLAMA_7B.hardware(1, 65536, Recompute.products(32, 5)) - saved);
    assertThrows(
        IllegalArgumentException.class,
        () -> LLAMA_7B.hardware(1, 65536, Recompute.products(32, 33)));
  }

  @Test
  void everyCountHasItsOwnUtilization() {
    StepFlops step = LLAMA_7B.step(1, 65536, Recompute.products(32, 32));
    Mfu shares = step.mfu(10, 2, 989.4e12);
    double possible = 10 * 2 * 989.4e12;
    assertEquals(LLAMA_7B.causalExact(1, 65536) / possible, shares.causalExact());
    assertEquals(LLAMA_7B.paper(1, 65536) / possible, shares.paper());
    assertEquals(
        LLAMA_7B.hardware(1, 65536, Recompute.products(32, 32)) / possible, shares.hardware());
  }

  @Test
  void everyCountIsProportionalToTheBatch() {
    assertEquals(3 * LLAMA_7B.causalExact(1, 512), LLAMA_7B.causalExact(3, 512), 1);
    assertEquals(3 * LLAMA_7B.paper(1, 512), LLAMA_7B.paper(3, 512), 1);
    assertEquals(
        3 * LLAMA_7B.hardware(1, 512, Recompute.products(32, 8)),
        LLAMA_7B.hardware(3, 512, Recompute.products(32, 8)),
        1);
  }

  /** 16384 tokens in documents of 12288 and 4096; attention alone differs. */
  @Test
  void documentsDoNotAttendToEachOther() {
    double squares = 12288.0 * 12288 + 4096.0 * 4096;
    StepFlops packed = LLAMA_7B.step(1, 16384, squares, Recompute.products(32, 0));
    StepFlops whole = LLAMA_7B.step(1, 16384, Recompute.products(32, 0));
    double unseen = 2.0 * 2 * 12288 * 4096 * 4096 * 32; // 2 x 12288 x 4096 of 16384^2
    assertEquals(whole.causalExact() - 3 * unseen, packed.causalExact());
    assertEquals(whole.hardware() - 3.5 * unseen, packed.hardware());
    assertEquals(whole.paper(), packed.paper());
    assertEquals(whole, LLAMA_7B.step(1, 16384, 16384.0 * 16384, Recompute.products(32, 0)));
  }

  @Test
  void groupedKeysAndValuesShrinkTheirProductsOnly() {
    ModelFlops grouped = new ModelFlops(4096, 32, 32, 8, 128, 11008, 32000);
    double saved = 3 * 2.0 * 1024 * 32 * (2.0 * 4096 * 128 * 24);
    assertEquals(saved, LLAMA_7B.causalExact(1, 1024) - grouped.causalExact(1, 1024));
    assertEquals(LLAMA_7B.paper(1, 1024), grouped.paper(1, 1024));
  }

  @Test
  void attentionOfAMillionTokensOfA65BModelDoesNotOverflow() {
    ModelFlops large = new ModelFlops(8192, 80, 64, 64, 128, 22016, 32000);
    assertEquals(139_971_876_418_675_015_680.0, large.paper(1, 1L << 22), 1e10);
  }

  /** An input layer that multiplies has a forward, and a gradient of its weights alone. */
  @Test
  void theInputLayersProductCountsTwice() {
    ModelFlops numbers = new ModelFlops(128, 3, 1, 1, 128, 344, 6, 32);
    ModelFlops tokens = new ModelFlops(128, 3, 1, 1, 128, 344, 6);
    double more = 2 * 2 * 3 * 1024.0 * 128 * 32;
    assertEquals(more, numbers.causalExact(3, 1024) - tokens.causalExact(3, 1024));
    Recompute again = new Recompute(1, 1, 1, 1);
    assertEquals(more, numbers.hardware(3, 1024, again) - tokens.hardware(3, 1024, again));
    assertEquals(numbers.paper(3, 1024), tokens.paper(3, 1024));
  }

  @Test
  void attentionCall() {
    AttentionFlops causal = new AttentionFlops(8, 64, true);
    AttentionFlops full = new AttentionFlops(8, 64, false);
    assertEquals(17_179_869_184.0, causal.forward(1, 4096)); // 2 x 4096^2 x 8 x 64
    assertEquals(34_359_738_368.0, full.forward(1, 4096));
    assertEquals(60_129_542_144.0, causal.forwardAndBackward(1, 4096)); // 3.5 x
    assertEquals(2 * causal.forward(1, 4096), causal.forward(2, 4096));
  }

  @Test
  void sizesMustBePositive() {
    assertThrows(IllegalArgumentException.class, () -> new ModelFlops(1, 1, 1, 0, 1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new AttentionFlops(1, 0, true));
  }
}
