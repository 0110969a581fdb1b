package ringattention.forecast;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.command.Sections;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.metrics.Hardware;
import ringattention.model.Architecture;
import ringattention.model.ModelShape;
import ringattention.plan.Variants;
import ringattention.run.MemoryConfig;
import ringattention.run.Precision;

/** The longest sequence has room, and the next one has not. */
class LongestPlanTest {
  private static final int STEP = 256;

  private static LongestPlan paper(Architecture architecture, Precision precision, int ranks) {
    return LongestPlan.of(
        Hardware.A100_NVLINK,
        PaperTable.run(Sections.INPUTS, ModelShape.PAPER_7B, precision, architecture, 2, ranks),
        ranks);
  }

  @Test
  void isTheLast() {
    for (Architecture architecture : Architecture.values()) {
      LongestPlan longest = paper(architecture, Precision.FP32, 8);
      HardwarePlan plan = longest.plan().orElseThrow();
      Configuration run = plan.plan().configuration();
      int unit = STEP * plan.plan().setup().mesh().ring();
      assertEquals(longest.tokens(), plan.tokens());
      assertEquals(0, longest.tokens() % unit);
      assertTrue(plan.fits());
      assertFalse(
          HardwarePlan.of(
                  Hardware.A100_NVLINK,
                  Variants.of(run, longest.tokens() + unit, run.get(MemoryConfig.SECTION)),
                  8)
              .fits(),
          architecture.title());
    }
  }

  /** Table 3's claim, and ours: a ring of n ranks trains n times what one trains blockwise. */
  @Test
  void aRingTrainsAsManyTimesAsItHasRanks() {
    for (int ranks : new int[] {2, 8, 32}) {
      double ring = paper(Architecture.RING, Precision.BF16, ranks).tokens();
      double ratio = ring / paper(Architecture.BLOCKWISE, Precision.BF16, ranks).tokens();
      assertTrue(ratio >= 0.95 * ranks && ratio <= ranks, ratio + " on " + ranks);
    }
  }

  @Test
  void nothingFitsWhereTheModelDoesNot() {
    LongestPlan none = paper(Architecture.BLOCKWISE, Precision.FP32, 1);
    assertEquals(0, none.tokens());
    assertTrue(none.plan().isEmpty());
  }

  /**
   * A cap beyond the hardware's memory grants no more than there is; one within it is granted
   * whole.
   */
  @Test
  void aCapIsWhatTheHardwareHasAtMost() {
    Hardware hardware = Hardware.A100_NVLINK;
    Configuration run =
        PaperTable.run(
            Sections.INPUTS, ModelShape.PAPER_7B, Precision.BF16, Architecture.RING, 1024, 8);
    long memory = (long) hardware.memoryBytes();
    int free = LongestPlan.of(hardware, run, 8).tokens();
    int beyond = LongestPlan.of(hardware, run, 8, 2 * memory).tokens();
    assertTrue(beyond <= free && beyond > 0.99 * free, "for the rank that needs most: " + beyond);
    assertTrue(LongestPlan.of(hardware, run, 8, memory).tokens() > free); // no margin
    long half = memory / 2;
    LongestPlan capped = LongestPlan.of(hardware, run, 8, half);
    assertTrue(capped.tokens() > 0 && capped.tokens() < free);
    assertTrue(capped.plan().orElseThrow().memory().bytes() <= half);
  }

  @Test
  void tenThousandRanksTakeSeconds() {
    Configuration input =
        Sections.INPUTS.read(Path.of("inputs/train-7b.toml"), List.of("train.sequence=16777216"));
    assertTimeout(
        Duration.ofSeconds(60), // of a loaded machine
        () -> {
          LongestPlan longest = LongestPlan.of(Hardware.H200, input, 10_000);
          assertTrue(longest.unlimited());
          assertEquals(Integer.MAX_VALUE / (STEP * 10_000) * STEP * 10_000, longest.tokens());
          HardwarePlan plan = HardwarePlan.of(Hardware.H200, input, 10_000);
          double seconds = plan.time().orElseThrow().phases().wallS();
          assertTrue(seconds > 0 && seconds < 1000, seconds + " s");
        });
  }

  @Test
  void hardwareWithoutFp32SaysSo() {
    Configuration run =
        PaperTable.run(
            Sections.INPUTS, ModelShape.PAPER_7B, Precision.FP32, Architecture.RING, 1024, 8);
    InputException wrong =
        assertThrows(InputException.class, () -> HardwarePlan.of(Hardware.TPU_V4, run, 8));
    assertEquals("-D device.precision = \"fp32\": tpuv4 has bf16 only", wrong.getMessage());
  }

  /** A window is no matter of memory: no longer sequence is tried. */
  @Test
  void noLongerThanTheWindow() {
    Configuration run =
        Sections.INPUTS.defaults(
            List.of(
                "model.hidden=64",
                "model.layers=2",
                "model.heads=2",
                "model.slidingWindow=4096",
                "train.sequence=1024",
                "train.steps=1"));
    LongestPlan longest = LongestPlan.of(Hardware.H200, run, 8);
    assertEquals(4096, longest.tokens());
    assertTrue(longest.fillsWindow());
    assertFalse(longest.unlimited());
  }
}
