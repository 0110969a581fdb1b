package ringattention.attention;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.RING;

import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * What ring attention holds beside queries and outputs. Gradients are null, or none, without a
 * backward.
 *
 * @param own this rank's keys and values
 * @param ownGradient their gradient
 * @param slots two receiving slots: one is attended to while the other fills
 * @param travelling gradients of the block held now, and of the block before, on its way to the
 *     next rank
 * @param landing where gradients arrive from the rank before; null without a ring
 * @param querySum [tokens, batch, heads, headSize]: running total of the output in the forward, the
 *     gradient of the queries in the backward; null where neither is needed
 * @param blockOut output of one block pair before it is merged; null where there is no second pair
 * @param blockLogSumExp its log-sum-exp
 */
public record RingBuffers(
    KeyValue own,
    KeyValue ownGradient,
    List<KeyValue> slots,
    List<KeyValue> travelling,
    KeyValue landing,
    Tensor querySum,
    Tensor blockOut,
    Tensor blockLogSumExp) {

  /**
   * A ring has its slots also when one rank makes up the whole ring, so that bytes per rank do not
   * depend on the number of ranks; attention that is not a ring (the paper's memory-efficient
   * attention) has none.
   */
  public static RingBuffers allocate(
      Allocator allocator, AttentionShape shape, DType compute, DType sum, boolean ring) {
    return allocate(allocator, shape, compute, sum, ring, true, false);
  }

  /**
   * As {@link #allocate(Allocator, AttentionShape, DType, DType, boolean)}.
   *
   * @param backward whether there is one
   * @param exchanged whether gradients go to other ranks, which exchange heads
   */
  public static RingBuffers allocate(
      Allocator allocator,
      AttentionShape shape,
      DType compute,
      DType sum,
      boolean ring,
      boolean backward,
      boolean exchanged) {
    Allocator.Purpose gradients = exchanged ? RING : ACTIVATIONS;
    KeyValue own =
        KeyValue.allocate(
            allocator, "attention.key_value", ring ? RING : ACTIVATIONS, compute, shape);
    KeyValue ownGradient =
        backward
            ? KeyValue.allocate(allocator, "attention.key_value.gradient", gradients, sum, shape)
            : null;
    List<KeyValue> slots = ring ? two(allocator, "ring.slot", compute, shape) : List.of();
    List<KeyValue> travelling =
        ring && backward ? two(allocator, "ring.gradient", sum, shape) : List.of();
    KeyValue landing =
        ring && backward
            ? KeyValue.allocate(allocator, "ring.gradient.landing", RING, sum, shape)
            : null;
    Dim tokens = new Dim("tokens", shape.tokens());
    Dim batch = new Dim("batch", shape.batch());
    Dim heads = new Dim("heads", shape.heads().query());
    Dim headSize = new Dim("head size", shape.heads().size());
    Tensor querySum =
        backward || compute != sum
            ? allocator.allocate(
                "attention.query_sum", gradients, sum, tokens, batch, heads, headSize)
            : null;
    boolean merges = ring || compute != sum;
    return new RingBuffers(
        own,
        ownGradient,
        slots,
        travelling,
        landing,
        querySum,
        merges
            ? allocator.allocate(
                "attention.block_out", ACTIVATIONS, compute, tokens, batch, heads, headSize)
            : null,
        merges
            ? allocator.allocate(
                "attention.block_log_sum_exp", ACTIVATIONS, sum, tokens, batch, heads)
            : null);
  }

  private static List<KeyValue> two(
      Allocator allocator, String name, DType dtype, AttentionShape shape) {
    return List.of(
        KeyValue.allocate(allocator, name + ".0", RING, dtype, shape),
        KeyValue.allocate(allocator, name + ".1", RING, dtype, shape));
  }
}
