package ringattention.attention;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.RING;

import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * What ring attention holds beside queries and outputs.
 *
 * @param own this rank's keys and values
 * @param ownGradient their gradient
 * @param slots two receiving slots: one is attended to while the other fills
 * @param travelling gradients of the block held now, and of the block before, on its way to the
 *     next rank
 * @param landing where gradients arrive from the rank before; null without a ring
 * @param querySum [tokens, batch, heads, headSize]: running total of the output in the forward, the
 *     gradient of the queries in the backward
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
    KeyValue own =
        KeyValue.allocate(
            allocator, "attention.key_value", ring ? RING : ACTIVATIONS, compute, shape);
    KeyValue ownGradient =
        KeyValue.allocate(allocator, "attention.key_value.gradient", ACTIVATIONS, sum, shape);
    List<KeyValue> slots = List.of();
    List<KeyValue> travelling = List.of();
    KeyValue landing = null;
    if (ring) {
      slots =
          List.of(
              KeyValue.allocate(allocator, "ring.slot.0", RING, compute, shape),
              KeyValue.allocate(allocator, "ring.slot.1", RING, compute, shape));
      travelling =
          List.of(
              KeyValue.allocate(allocator, "ring.gradient.0", RING, sum, shape),
              KeyValue.allocate(allocator, "ring.gradient.1", RING, sum, shape));
      landing = KeyValue.allocate(allocator, "ring.gradient.landing", RING, sum, shape);
    }
    Dim tokens = new Dim("tokens", shape.tokens());
    Dim batch = new Dim("batch", shape.batch());
    Dim heads = new Dim("heads", shape.heads());
    Dim headSize = new Dim("head size", shape.headSize());
    Tensor querySum =
        allocator.allocate("attention.query_sum", ACTIVATIONS, sum, tokens, batch, heads, headSize);
    if (!ring && compute == sum) {
      return new RingBuffers(own, ownGradient, slots, travelling, landing, querySum, null, null);
    }
    return new RingBuffers(
        own,
        ownGradient,
        slots,
        travelling,
        landing,
        querySum,
        allocator.allocate(
            "attention.block_out", ACTIVATIONS, compute, tokens, batch, heads, headSize),
        allocator.allocate("attention.block_log_sum_exp", ACTIVATIONS, sum, tokens, batch, heads));
  }
}
