package ringattention.model;

import ringattention.attention.AttentionShape;
import ringattention.attention.RingBuffers;
import ringattention.attention.VanillaAttention;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.parallel.ShardBuffers;

/**
 * Every buffer of a training step on one rank.
 *
 * @param ring null for vanilla attention
 * @param vanilla null for ring and memory-efficient attention
 */
public record ModelBuffers(
    ShardBuffers parameters,
    Activations activations,
    RingBuffers ring,
    VanillaAttention.Buffers vanilla) {

  /** The same calls make the memory plan and the allocation, depending on the allocator. */
  public static ModelBuffers allocate(
      Allocator allocator, ModelSetup setup, int rank, DType compute, DType sum) {
    ShardShape shape = setup.shape(rank);
    AttentionShape attention = setup.attentionShape(rank);
    boolean vanilla = setup.attention() == AttentionKind.VANILLA;
    boolean ring = setup.attention() == AttentionKind.RING;
    return new ModelBuffers(
        ShardBuffers.allocate(
            allocator,
            LlamaParameters.groups(setup.model()),
            setup.decomposition().world(),
            compute,
            sum,
            setup.gradientWire(sum),
            setup.accumulates()),
        Activations.allocate(allocator, setup.model(), setup.policy(), shape, compute, sum),
        vanilla ? null : RingBuffers.allocate(allocator, attention, compute, sum, ring),
        vanilla
            ? VanillaAttention.Buffers.allocate(allocator, attention, shape.turns(), compute, sum)
            : null);
  }
}
