package ringattention.parallel;

import static ringattention.device.Allocator.Purpose.GATHERED;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * The memory of sharded parameters that are trained. Of whole groups there are two each: one in
 * use, one on its way.
 *
 * @param shards one per group
 * @param weights the shards' weights, and what gathers them
 * @param gradients of whole groups
 * @param gradientWires the same in the type they travel in; empty where that is the sum type
 * @param reduced this rank's part of a sum before it is added to the shard; null where it goes
 *     there directly
 * @param wholes where gradients of whole weights in groups of cut ones arrive, sum type, flat; null
 *     where no weight is cut
 */
public record ShardBuffers(
    List<Shard> shards,
    WeightBuffers weights,
    List<Tensor> gradients,
    List<Tensor> gradientWires,
    Tensor reduced,
    Tensor wholes) {
  /** This rank's part of one group, all flat and of the sum type. */
  public record Shard(Tensor weight, Tensor momentum, Tensor variance, Tensor gradient) {
    Tensor of(State state) {
      return switch (state) {
        case WEIGHT -> weight;
        case MOMENTUM -> momentum;
        case VARIANCE -> variance;
      };
    }
  }

  /**
   * @param compute what weights are used in, and travel in
   * @param gradientWire what gradients travel in
   * @param accumulates whether gradients of several passes are added up
   */
  public static ShardBuffers allocate(
      Allocator allocator,
      List<ParameterGroup> groups,
      int ranks,
      DType compute,
      DType sum,
      DType gradientWire,
      boolean accumulates) {
    List<Shard> shards = new ArrayList<>();
    for (ParameterGroup group : groups) {
      shards.add(
          new Shard(
              WeightBuffers.shard(allocator, group, "weight", ranks, sum),
              WeightBuffers.shard(allocator, group, "momentum", ranks, sum),
              WeightBuffers.shard(allocator, group, "variance", ranks, sum),
              WeightBuffers.shard(allocator, group, "gradient", ranks, sum)));
    }
    List<Tensor> weights = shards.stream().map(Shard::weight).toList();
    Dim shard = WeightBuffers.largestShard(groups, ranks);
    Dim whole = WeightBuffers.largestGroup(groups, ranks);
    long shared = WholeGradients.room(groups);
    boolean converts = gradientWire != sum;
    return new ShardBuffers(
        shards,
        WeightBuffers.of(allocator, weights, groups, ranks, compute, sum),
        WeightBuffers.two(allocator, "gathered.gradient", sum, whole),
        converts
            ? WeightBuffers.two(allocator, "gathered.gradient.wire", gradientWire, whole)
            : List.of(),
        converts || accumulates
            ? allocator.allocate("gathered.gradient.reduced", GATHERED, gradientWire, shard)
            : null,
        shared == 0
            ? null
            : allocator.allocate(
                "parameters.shared.gradient", GATHERED, sum, new Dim("elements", shared)));
  }
}
