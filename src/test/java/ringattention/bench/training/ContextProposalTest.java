package ringattention.bench.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.device.DType;
import ringattention.device.DeviceTraits;
import ringattention.device.cuda.CudaTraits;
import ringattention.input.Configuration;
import ringattention.model.Architecture;
import ringattention.model.ModelConfig;
import ringattention.model.ModelShape;
import ringattention.run.MemoryLimits;

/** Proposals for GPUs that are not there, within a cap that their allocator would enforce. */
class ContextProposalTest {
  private static final Configuration RUN =
      Sections.INPUTS.read(Path.of("inputs/paper-context.toml"), List.of());
  private static final DeviceTraits GPU = CudaTraits.planned(DType.BF16, false, 32768, 1e15);
  private static final long CAP = 18L << 30;

  /** In these rings the last rank, not the fullest, needs most. */
  @ParameterizedTest
  @CsvSource({"PAPER_1B, 22, RING", "PAPER_1B, 22, BLOCKWISE", "PAPER_3B, 10, RING"})
  void theLongestHasRoomOnEveryRankAndAnotherMultipleOnNot(
      ModelShape shape, int layers, Architecture architecture) {
    Configuration run = RUN.with(ModelConfig.SECTION, ModelConfig.of(shape, layers));
    MemoryLimits limits = new MemoryLimits(CAP, 0, Long.MAX_VALUE, true);
    ContextProposal proposal = ContextProposal.of(run, architecture, 2, GPU, limits);
    assertTrue(proposal.plan().memory().fits());
    for (int rank = 0; rank < 2; rank++) {
      long bytes = proposal.plan().needs().of(rank, GPU).bytes();
      assertTrue(bytes <= CAP, "rank " + rank + ": " + (bytes - CAP) + " bytes too many");
    }
    assertFalse(proposal.longer().memory().fits());
    assertTrue(proposal.longer().needs().most(GPU).bytes() > CAP);
    int ranksOfOneSequence = architecture == Architecture.RING ? 2 : 1;
    assertEquals(proposal.tokens() * ranksOfOneSequence, proposal.plan().setup().sequence());
  }
}
