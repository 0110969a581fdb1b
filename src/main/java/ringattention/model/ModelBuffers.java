package ringattention.model;

import java.util.List;
import ringattention.attention.AttentionShape;
import ringattention.attention.HeadsBuffers;
import ringattention.attention.RingBuffers;
import ringattention.attention.VanillaAttention;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardBuffers;
import ringattention.parallel.WeightBuffers;

/**
 * Every buffer of a training step, or of an evaluation, on one rank.
 *
 * @param weights of all parameters
 * @param training the same weights with their moments and gradients; null without a backward
 * @param ring null for vanilla attention and where ranks exchange heads
 * @param heads null where ranks exchange none
 * @param vanilla null for ring and memory-efficient attention
 */
public record ModelBuffers(
    WeightBuffers weights,
    ShardBuffers training,
    Activations activations,
    RingBuffers ring,
    HeadsBuffers heads,
    VanillaAttention.Buffers vanilla) {

  /** The same calls make the memory plan and the allocation, depending on the allocator. */
  public static ModelBuffers allocate(
      Allocator allocator, ModelSetup setup, int rank, DType compute, DType sum) {
    ShardShape shape = setup.shape(rank);
    AttentionShape attention = setup.attentionShape(rank);
    boolean vanilla = setup.attention() == AttentionKind.VANILLA;
    boolean ring = setup.attention() == AttentionKind.RING;
    boolean exchanged = shape.headRanks() > 1;
    boolean backward = !setup.policy().forwardOnly();
    List<ParameterGroup> groups = setup.groups(rank);
    int ranks = setup.mesh().world();
    ShardBuffers training =
        backward
            ? ShardBuffers.allocate(
                allocator,
                groups,
                ranks,
                compute,
                sum,
                setup.gradientWire(sum),
                setup.accumulates())
            : null;
    return new ModelBuffers(
        backward
            ? training.weights()
            : WeightBuffers.allocate(allocator, groups, ranks, compute, sum),
        training,
        Activations.allocate(
            allocator, setup.share(), setup.policy(), shape, setup.labelLosses(), compute, sum),
        vanilla || exchanged
            ? null
            : RingBuffers.allocate(allocator, attention, compute, sum, ring, backward, false),
        exchanged
            ? HeadsBuffers.allocate(
                allocator,
                shape.entered(),
                attention,
                shape.headRanks(),
                setup.mesh().chunks(),
                compute,
                sum,
                backward)
            : null,
        vanilla
            ? VanillaAttention.Buffers.allocate(
                allocator, attention, shape.turns(), backward, compute, sum)
            : null);
  }
}
