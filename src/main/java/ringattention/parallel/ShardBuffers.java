package ringattention.parallel;

import static ringattention.device.Allocator.Purpose.GATHERED;
import static ringattention.device.Allocator.Purpose.PARAMETERS;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * The memory of sharded parameters.
 *
 * @param shards one per group
 * @param gathered two whole groups: one in use, one arriving
 * @param gradient a whole group's gradient before it is reduced
 * @param reduced this rank's part of the sum, before it is added to the shard
 */
public record ShardBuffers(
    List<Shard> shards, List<Tensor> gathered, Tensor gradient, Tensor reduced) {
  /**
   * This rank's part of one group, all flat and of the sum type.
   *
   * @param wire the weights in the type they travel in; the weight itself where that is the same
   */
  public record Shard(
      Tensor weight, Tensor momentum, Tensor variance, Tensor gradient, Tensor wire) {
    Tensor of(State state) {
      return switch (state) {
        case WEIGHT -> weight;
        case MOMENTUM -> momentum;
        case VARIANCE -> variance;
      };
    }
  }

  public static ShardBuffers allocate(
      Allocator allocator, List<ParameterGroup> groups, int ranks, DType compute, DType sum) {
    List<Shard> shards = new ArrayList<>();
    long largest = 0;
    for (ParameterGroup group : groups) {
      largest = Math.max(largest, group.shardElements(ranks));
      Dim size = new Dim("elements of the shard", group.shardElements(ranks));
      String name = "parameters." + group.name() + ".";
      Tensor weight = allocator.allocate(name + "weight", PARAMETERS, sum, size);
      shards.add(
          new Shard(
              weight,
              allocator.allocate(name + "momentum", PARAMETERS, sum, size),
              allocator.allocate(name + "variance", PARAMETERS, sum, size),
              allocator.allocate(name + "gradient", PARAMETERS, sum, size),
              compute == sum
                  ? weight
                  : allocator.allocate(name + "wire", PARAMETERS, compute, size)));
    }
    Dim shard = new Dim("elements of the largest shard", largest);
    Dim parts = new Dim("ranks", ranks);
    return new ShardBuffers(
        shards,
        List.of(
            allocator.allocate("gathered.0", GATHERED, compute, parts, shard),
            allocator.allocate("gathered.1", GATHERED, compute, parts, shard)),
        allocator.allocate("gathered.gradient", GATHERED, sum, parts, shard),
        allocator.allocate("gathered.gradient.reduced", GATHERED, sum, shard));
  }
}
