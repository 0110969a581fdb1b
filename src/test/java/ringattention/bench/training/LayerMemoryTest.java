package ringattention.bench.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;
import ringattention.model.ActivationPolicy;
import ringattention.model.Architecture;
import ringattention.model.ModelBuffers;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.RopeScaling;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/**
 * Table 1 of the paper, held against what a rank plans for a layer: bytes by tokens, by tokens of
 * the feed-forward's block and by ranks. The plan has no rounding, so slopes are differences; b is
 * 1. Every formula is derived in docs/memory.md.
 */
class LayerMemoryTest {
  private static final int RANKS = 4;
  private static final int BLOCK = 128; // tokens of the feed-forward's
  private static final int HIDDEN = 128;
  private static final int HEADS = 4;
  private static final int HEAD_SIZE = 32;
  private static final int WIDTH = 344;

  private static MemoryPlan plan(
      DType compute,
      int keyValueHeads,
      Architecture architecture,
      int ring,
      int tokens,
      int block) {
    ModelConfig model =
        new ModelConfig(
            61,
            HIDDEN,
            2,
            new HeadCounts(HEADS, keyValueHeads, HEAD_SIZE),
            WIDTH,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            0.02,
            Optional.empty());
    ModelSetup setup =
        new ModelSetup(
            model,
            architecture.attention(),
            Mask.CAUSAL,
            LayoutKind.ZIGZAG,
            architecture.feedForward(),
            block,
            64,
            Mesh.of(RANKS, ring),
            ring * tokens,
            1,
            1,
            false,
            false,
            ActivationPolicy.inputs(model.layers()),
            false);
    MemoryPlan plan = new MemoryPlan();
    ModelBuffers.allocate(plan, setup, 0, compute, DType.F32);
    return plan;
  }

  private static IntToLongFunction byTokens(
      DType compute, int keyValueHeads, Architecture architecture, Predicate<String> names) {
    int ring = architecture == Architecture.RING ? RANKS : 1;
    return tokens -> bytes(plan(compute, keyValueHeads, architecture, ring, tokens, BLOCK), names);
  }

  private static long bytes(MemoryPlan plan, Predicate<String> names) {
    return plan.buffers().stream()
        .filter(buffer -> names.test(buffer.name()))
        .mapToLong(MemoryPlan.Buffer::bytes)
        .sum();
  }

  private static boolean isAttention(String buffer) {
    return List.of("attention.", "ring.", "window.", "query", "group.", "attended.gradient")
        .stream()
        .anyMatch(buffer::startsWith);
  }

  private static boolean isFeedForward(String buffer) {
    return !buffer.equals("token_block.logits")
        && List.of("after_attention", "residual.gradient", "token_block.").stream()
            .anyMatch(buffer::startsWith);
  }

  /** Bytes a token of what is a straight line. */
  private static double slope(IntToLongFunction bytes) {
    long first = bytes.applyAsLong(512);
    long second = bytes.applyAsLong(1024);
    long third = bytes.applyAsLong(2048);
    assertEquals(2 * (second - first), third - second, "a straight line");
    return (second - first) / 512.0;
  }

  private static double slope(DType compute, int keyValueHeads, Architecture architecture) {
    return slope(byTokens(compute, keyValueHeads, architecture, name -> true));
  }

  /** Scores and their gradients, where the paper counts one: 2 e b n s^2. */
  @ParameterizedTest
  @CsvSource({"BF16", "F32"})
  void vanillaAttentionGrowsWithTheSquare(DType compute) {
    IntToLongFunction bytes = byTokens(compute, HEADS, Architecture.VANILLA, name -> true);
    long first = bytes.applyAsLong(512);
    long second = bytes.applyAsLong(1024);
    long third = bytes.applyAsLong(1536);
    double square = (third - 2 * second + first) / (2.0 * 512 * 512);
    assertEquals(2 * compute.bytes() * HEADS, square);
  }

  /** The paper's attention e b s h; ours with keys, gradients and sums: see docs/memory.md. */
  @ParameterizedTest(name = "{0}, {1} key/value heads")
  @CsvSource({"BF16, 4", "BF16, 2", "F32, 4", "F32, 1"})
  void blockwiseAttentionIsStraight(DType compute, int keyValueHeads) {
    int e = compute.bytes();
    int a = DType.F32.bytes();
    int keys = keyValueHeads * HEAD_SIZE;
    int hidden = e == a ? 3 * e * HIDDEN : 4 * e * HIDDEN;
    int sums = (e == a ? 1 : 2) * a * HEADS; // log-sum-exps, also of a block before it is merged
    for (var architecture : List.of(Architecture.MEMORY_EFFICIENT, Architecture.BLOCKWISE)) {
      double measured =
          slope(byTokens(compute, keyValueHeads, architecture, LayerMemoryTest::isAttention));
      assertEquals(hidden + a * HIDDEN + 2 * e * keys + 2 * a * keys + sums, measured);
    }
  }

  /** The paper's 4 e b s h: four tensors of the feed-forward's width, two of the hidden size. */
  @ParameterizedTest
  @CsvSource({"BF16", "F32"})
  void aFullFeedForwardIsWide(DType compute) {
    int e = compute.bytes();
    double full =
        slope(byTokens(compute, 2, Architecture.MEMORY_EFFICIENT, LayerMemoryTest::isFeedForward));
    assertEquals(e * (4 * WIDTH + 2 * HIDDEN) + 2 * e * HIDDEN, full);
    double more =
        slope(compute, 2, Architecture.MEMORY_EFFICIENT)
            - slope(compute, 2, Architecture.BLOCKWISE);
    assertEquals(e * (4 * WIDTH + 2 * HIDDEN), more);
  }

  /** The paper's e b s h: the residual stream and its gradient, nothing as wide as f. */
  @ParameterizedTest
  @CsvSource({"BF16, BLOCKWISE", "F32, BLOCKWISE", "BF16, RING", "F32, RING"})
  void aBlockwiseFeedForwardIsWideInItsBlockAlone(DType compute, Architecture architecture) {
    int e = compute.bytes();
    int ring = architecture == Architecture.RING ? RANKS : 1;
    assertEquals(
        2 * e * HIDDEN, slope(byTokens(compute, 2, architecture, LayerMemoryTest::isFeedForward)));
    assertEquals(
        e * (4 * WIDTH + 2 * HIDDEN),
        slope(block -> bytes(plan(compute, 2, architecture, ring, 2048, block), name -> true)));
  }

  /** The paper's six blocks, beside what blockwise attention has: slots, and travelling sums. */
  @ParameterizedTest(name = "{0}, {1} key/value heads")
  @CsvSource({"BF16, 4", "BF16, 2", "BF16, 1", "F32, 4", "F32, 2", "F32, 1"})
  void aRingHoldsBlocksMoreThanBlockwiseAttention(DType compute, int keyValueHeads) {
    int e = compute.bytes();
    int a = DType.F32.bytes();
    int keys = keyValueHeads * HEAD_SIZE;
    int merged = e == a ? e * HIDDEN + a * HEADS : 0; // else blockwise attention has it, too
    assertEquals(
        (2 * e + 3 * a) * 2 * keys + merged,
        slope(compute, keyValueHeads, Architecture.RING)
            - slope(compute, keyValueHeads, Architecture.BLOCKWISE));
  }

  /** As many tokens on a rank are as many bytes in a ring of any size. */
  @ParameterizedTest
  @CsvSource({"BF16", "F32"})
  void theRingsSizeCostsNothing(DType compute) {
    long[] bytes =
        List.of(1, 2, RANKS).stream()
            .mapToLong(ring -> plan(compute, 2, Architecture.RING, ring, 2048, BLOCK).bytes())
            .toArray();
    assertEquals(bytes[0], bytes[1]);
    assertEquals(bytes[0], bytes[2]);
    assertTrue(bytes[0] > 0);
  }
}
