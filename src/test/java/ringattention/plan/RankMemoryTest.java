package ringattention.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.device.cpu.CpuDevice;
import ringattention.model.ModelSetup;

/** The plan is printed for the rank that holds most, and limits are those of the neediest. */
class RankMemoryTest {
  /**
   * Where the first rank is not the fullest: of 16 or 17 tokens in 6 chunks the third ring rank.
   */
  @ParameterizedTest
  @CsvSource({"3, 1, 16, 2", "6, 2, 16, 4", "6, 2, 17, 2", "4, 4, 9, 0", "4, 1, 8, 0"})
  void theFullestRankHoldsMost(int ranks, int heads, int tokens, int fullest) {
    ModelSetup setup =
        TrainingPlan.of(
                Sections.INPUTS.defaults(
                    List.of(
                        "model.hidden=32",
                        "model.layers=1",
                        "model.heads=8",
                        "model.keyValueHeads=4",
                        "train.steps=1",
                        "train.sequence=" + tokens,
                        "parallel.heads=" + heads)),
                ranks)
            .setup();
    RankMemory needs = new RankMemory(setup, false);
    assertEquals(fullest, needs.fullestRank());
    try (CpuDevice device = new CpuDevice(1)) {
      long most = needs.of(fullest, device).bytes();
      IntStream.range(0, ranks)
          .forEach(rank -> assertTrue(needs.of(rank, device).bytes() <= most, "rank " + rank));
      assertEquals(most, needs.most(device).bytes());
    }
  }
}
