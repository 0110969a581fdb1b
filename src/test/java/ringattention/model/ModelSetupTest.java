package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.attention.AttentionShape;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** The sizes that follow from a setup: buffers and kernels are cut by them. */
class ModelSetupTest {
  private static final ActivationPolicy INPUTS = ActivationPolicy.inputs(3);

  private static ModelConfig model(boolean tied) {
    return new ModelConfig(
        61,
        24,
        3,
        new HeadCounts(4, 2, 6),
        40,
        1e4,
        RopeScaling.NONE,
        1e-5,
        tied,
        0.02,
        Optional.empty());
  }

  private static ModelSetup setup(
      AttentionKind kind, FeedForwardKind feedForward, int ring, int passes, boolean tied) {
    return new ModelSetup(
        model(tied),
        kind,
        Mask.CAUSAL,
        LayoutKind.CONTIGUOUS,
        feedForward,
        8,
        16,
        Mesh.of(2 * ring, ring),
        23,
        4,
        passes,
        false,
        false,
        INPUTS,
        false);
  }

  private static ModelSetup ring(FeedForwardKind feedForward) {
    return setup(AttentionKind.RING, feedForward, 2, 1, false);
  }

  /** 23 tokens on two ranks: the second has one less, and no block is larger than a shard. */
  @ParameterizedTest
  @CsvSource({
    "BLOCKWISE, 0, 12, 8, 12",
    "BLOCKWISE, 1, 11, 8, 11",
    "FULL, 0, 12, 12, 12",
    "FULL, 3, 11, 11, 11"
  })
  void aRankHoldsItsPart(
      FeedForwardKind kind, int rank, int tokens, int feedForwardBlock, int lossBlock) {
    ShardShape shape = ring(kind).shape(rank);
    assertEquals(new ShardShape(tokens, 12, 4, false, feedForwardBlock, lossBlock), shape);
  }

  private static ModelSetup exchanged(int groups) {
    ModelSetup plain = ring(FeedForwardKind.BLOCKWISE);
    return new ModelSetup(
        plain.model(),
        plain.attention(),
        plain.mask(),
        plain.layoutKind(),
        plain.feedForward(),
        8,
        16,
        Mesh.of(8, 2, 2),
        23,
        4,
        1,
        false,
        false,
        new ActivationPolicy(3, groups, 0, 0),
        false);
  }

  /** 23 tokens on two groups of two: 6, 6 and 6, 5 of them, attended to 12 and 11 at a time. */
  @Test
  void ranksThatExchangeHeadsAttendToTheTokensOfTheirGroup() {
    ModelSetup setup = exchanged(1);
    assertEquals(new ShardShape(6, 12, 12, 2, 4, false, 6, 6), setup.shape(1));
    assertEquals(new ShardShape(5, 11, 12, 2, 4, false, 5, 5), setup.shape(7));
    assertEquals(new AttentionShape(11, 12, 4, new HeadCounts(2, 1, 6)), setup.attentionShape(3));
    assertThrows(IllegalArgumentException.class, () -> exchanged(2), "of one key/value head");
  }

  @Test
  void attentionTakesTheHeadsOfAGroup() {
    ModelSetup groups = ring(FeedForwardKind.FULL).with(new ActivationPolicy(3, 2, 0, 0));
    assertEquals(new AttentionShape(11, 12, 4, new HeadCounts(2, 1, 6)), groups.attentionShape(1));
    assertEquals(2, groups.policy().headGroups());
    assertFalse(groups.labelLosses());
  }

  /** Sequences packed from documents of their own go through attention one by one. */
  @Test
  void packedSequencesTakeTurns() {
    ShardShape packed = new ShardShape(11, 12, 4, true, 8, 8);
    assertEquals(4, packed.turns());
    assertEquals(1, packed.attention(model(false), 1).batch());
    assertEquals(1, new ShardShape(11, 12, 4, false, 8, 8).turns());
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 1, 1", "1, 0, 1, 1", "1, 1, 0, 1", "1, 1, 1, 0"})
  void aShardHasASize(int tokens, int batch, int feedForwardBlock, int lossBlock) {
    assertThrows(
        IllegalArgumentException.class,
        () -> new ShardShape(tokens, 12, batch, false, feedForwardBlock, lossBlock));
    assertEquals(1, new ShardShape(1, 12, 1, false, 1, 1).lossBlock());
  }

  @Test
  void labelLossesAreAskedForAndKept() {
    ModelSetup losses = ring(FeedForwardKind.FULL).withLabelLosses();
    assertTrue(losses.labelLosses());
    assertTrue(losses.with(ActivationPolicy.forwardOnly(3, 2)).labelLosses());
    assertTrue(losses.with(ActivationPolicy.forwardOnly(3, 2)).policy().forwardOnly());
  }

  /** Room to add up gradients is taken where one parameter gets several, and only there. */
  @ParameterizedTest
  @CsvSource({"1, false, false", "2, false, true", "1, true, true"})
  void gradientsAccumulateOverPassesAndInATiedHead(int passes, boolean tied, boolean expected) {
    assertEquals(
        expected, setup(AttentionKind.RING, FeedForwardKind.FULL, 1, passes, tied).accumulates());
  }

  @Test
  void gradientsTravelInTheTypeAskedFor() {
    ModelSetup plain = ring(FeedForwardKind.FULL);
    ModelSetup narrow =
        new ModelSetup(
            plain.model(),
            plain.attention(),
            plain.mask(),
            plain.layoutKind(),
            plain.feedForward(),
            8,
            16,
            plain.mesh(),
            23,
            4,
            1,
            false,
            true,
            INPUTS,
            false);
    assertEquals(DType.F32, plain.gradientWire(DType.F32));
    assertEquals(DType.BF16, narrow.gradientWire(DType.F32));
  }

  @Test
  void onlyARingSharesASequence() {
    for (AttentionKind kind : AttentionKind.values()) {
      setup(kind, FeedForwardKind.FULL, 1, 1, false);
      if (kind != AttentionKind.RING) {
        assertThrows(
            IllegalArgumentException.class, () -> setup(kind, FeedForwardKind.FULL, 2, 1, false));
      }
    }
  }

  /** Its backward needs the scores of a forward just before, of all heads. */
  @ParameterizedTest
  @CsvSource({"2, 0", "1, 1"})
  void vanillaAttentionIsComputedAgainAndWhole(int groups, int savedAttention) {
    ModelSetup vanilla = setup(AttentionKind.VANILLA, FeedForwardKind.FULL, 1, 1, false);
    ActivationPolicy policy = new ActivationPolicy(3, groups, savedAttention, 0);
    assertThrows(IllegalArgumentException.class, () -> vanilla.with(policy));
    setup(AttentionKind.RING, FeedForwardKind.FULL, 1, 1, false).with(policy);
  }
}
