package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;
import ringattention.metrics.Recompute;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** What a block costs that keeps results of products, and what its backward then leaves out. */
class KeptProductsTest {
  private static final int LAYERS = 3;
  private static final int BATCH = 16; // of which no buffer needs to be rounded up
  private static final int LENGTH = 27; // over two ranks 13 and 14
  private static final int BF16 = 2;

  private static ModelSetup setup(int headRanks, boolean packed, boolean norms) {
    ModelConfig model =
        new ModelConfig(
            37,
            24,
            LAYERS,
            new HeadCounts(8, 4, 6),
            40,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            0.15,
            new AttentionDetails(false, norms, 0),
            Optional.empty());
    return new ModelSetup(
        model,
        AttentionKind.RING,
        Mask.CAUSAL,
        LayoutKind.ZIGZAG,
        FeedForwardKind.BLOCKWISE,
        5,
        5,
        Mesh.of(2, 2 / headRanks, headRanks),
        LENGTH,
        BATCH,
        1,
        packed,
        false,
        ActivationPolicy.inputs(LAYERS),
        false);
  }

  private static long bytes(ModelSetup setup, ActivationPolicy policy, int rank) {
    MemoryPlan plan = new MemoryPlan();
    ModelBuffers.allocate(plan, setup.with(policy), rank, DType.BF16, DType.F32);
    return plan.buffers().stream().mapToLong(buffer -> buffer.bytes()).sum();
  }

  /** However attention goes: in groups of heads, sequence by sequence, with exchange of heads. */
  @ParameterizedTest
  @CsvSource({"1, 1, false", "2, 1, true", "4, 1, false", "2, 2, false", "1, 2, true"})
  void aBlockCostsTheWidthsOfItsProducts(int groups, int headRanks, boolean packed) {
    ModelSetup setup = setup(headRanks, packed, false);
    for (int rank = 0; rank < 2; rank++) {
      long rows = (long) setup.shape(rank).tokens() * BATCH;
      ActivationPolicy attention = new ActivationPolicy(LAYERS, groups, LAYERS, 0);
      long plain = bytes(setup, attention, rank);
      long projections = BF16 * rows * (48 + 2 * 24);
      long feedForward = BF16 * rows * (24 + 2 * 40);
      assertEquals(plain + projections, bytes(setup, attention.withProducts(1, 0), rank));
      assertEquals(
          plain + LAYERS * projections + 2 * feedForward,
          bytes(setup, attention.withProducts(LAYERS, 2), rank));
    }
  }

  /** Two calls of attention overwrite what one leaves; norms need what is in front of them. */
  @ParameterizedTest
  @CsvSource({
    // groups, packed, norms, kept: attention, projections, feed-forward; again: these, normed
    "1, false, false, 0, 0, 0, 3, 3, 0, 3",
    "2, false, false, 0, 0, 0, 3, 6, 0, 3",
    "1, true, false, 1, 0, 0, 2, 5, 0, 3",
    "1, false, true, 3, 2, 1, 0, 1, 3, 2",
    "2, true, false, 3, 3, 3, 0, 0, 0, 0"
  })
  void whatIsComputedAgain(
      int groups,
      boolean packed,
      boolean norms,
      int attention,
      int projections,
      int feedForward,
      int attentionAgain,
      int projectionsAgain,
      int normedAgain,
      int feedForwardAgain) {
    ActivationPolicy policy =
        new ActivationPolicy(LAYERS, groups, attention, 0).withProducts(projections, feedForward);
    assertEquals(
        new Recompute(attentionAgain, projectionsAgain, normedAgain, feedForwardAgain),
        setup(1, packed, norms).with(policy).recompute());
  }
}
