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
 * The memory of sharded weights. Of whole groups there are two: one in use, one on its way.
 *
 * @param shards this rank's part of every group, flat and of the sum type
 * @param wires this rank's part of a group in the type it travels in; empty where that is the sum
 *     type
 * @param gathered whole groups
 */
public record WeightBuffers(List<Tensor> shards, List<Tensor> wires, List<Tensor> gathered) {
  /**
   * Allocates what evaluation needs: weights, without gradients and moments.
   *
   * @param compute what weights are used in, and travel in
   */
  public static WeightBuffers allocate(
      Allocator allocator, List<ParameterGroup> groups, int ranks, DType compute, DType sum) {
    List<Tensor> shards = new ArrayList<>();
    for (ParameterGroup group : groups) {
      shards.add(shard(allocator, group, "weight", ranks, sum));
    }
    return of(allocator, shards, groups, ranks, compute, sum);
  }

  /** Allocates what gathers these shards. */
  static WeightBuffers of(
      Allocator allocator,
      List<Tensor> shards,
      List<ParameterGroup> groups,
      int ranks,
      DType compute,
      DType sum) {
    Dim shard = largestShard(groups, ranks);
    return new WeightBuffers(
        List.copyOf(shards),
        compute == sum ? List.of() : two(allocator, "gathered.own", compute, shard),
        two(allocator, "gathered", compute, largestGroup(groups, ranks)));
  }

  /** Allocates this rank's part of a group for one state, or the gradient. */
  static Tensor shard(
      Allocator allocator, ParameterGroup group, String state, int ranks, DType sum) {
    return allocator.allocate(
        "parameters." + group.name() + "." + state,
        PARAMETERS,
        sum,
        new Dim("elements of the shard", group.shardElements(ranks)));
  }

  static Dim largestShard(List<ParameterGroup> groups, int ranks) {
    long largest = 0;
    for (ParameterGroup group : groups) {
      largest = Math.max(largest, group.shardElements(ranks));
    }
    return new Dim("elements of the largest shard", largest);
  }

  static Dim largestGroup(List<ParameterGroup> groups, int ranks) {
    long largest = 0;
    for (ParameterGroup group : groups) {
      largest = Math.max(largest, group.gatheredElements(ranks));
    }
    return new Dim("elements of the largest group", largest);
  }

  static List<Tensor> two(Allocator allocator, String name, DType dtype, Dim... dims) {
    return List.of(
        allocator.allocate(name + ".0", GATHERED, dtype, dims),
        allocator.allocate(name + ".1", GATHERED, dtype, dims));
  }
}
