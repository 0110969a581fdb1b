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
 * The memory of sharded parameters. Of whole groups there are two each: one in use, one on its way.
 *
 * @param shards one per group
 * @param wires this rank's part of a group in the type it travels in; empty where that is the sum
 *     type
 * @param gathered whole groups
 * @param gradients of whole groups
 * @param gradientWires the same in the type they travel in; empty where that is the sum type
 * @param reduced this rank's part of a sum before it is added to the shard; null where it goes
 *     there directly
 */
public record ShardBuffers(
    List<Shard> shards,
    List<Tensor> wires,
    List<Tensor> gathered,
    List<Tensor> gradients,
    List<Tensor> gradientWires,
    Tensor reduced) {
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
    long largest = 0;
    for (ParameterGroup group : groups) {
      largest = Math.max(largest, group.shardElements(ranks));
      Dim size = new Dim("elements of the shard", group.shardElements(ranks));
      String name = "parameters." + group.name() + ".";
      shards.add(
          new Shard(
              allocator.allocate(name + "weight", PARAMETERS, sum, size),
              allocator.allocate(name + "momentum", PARAMETERS, sum, size),
              allocator.allocate(name + "variance", PARAMETERS, sum, size),
              allocator.allocate(name + "gradient", PARAMETERS, sum, size)));
    }
    Dim shard = new Dim("elements of the largest shard", largest);
    Dim parts = new Dim("ranks", ranks);
    boolean converts = gradientWire != sum;
    return new ShardBuffers(
        shards,
        compute == sum ? List.of() : two(allocator, "gathered.own", compute, shard),
        two(allocator, "gathered", compute, parts, shard),
        two(allocator, "gathered.gradient", sum, parts, shard),
        converts ? two(allocator, "gathered.gradient.wire", gradientWire, parts, shard) : List.of(),
        converts || accumulates
            ? allocator.allocate("gathered.gradient.reduced", GATHERED, gradientWire, shard)
            : null);
  }

  private static List<Tensor> two(Allocator allocator, String name, DType dtype, Dim... dims) {
    return List.of(
        allocator.allocate(name + ".0", GATHERED, dtype, dims),
        allocator.allocate(name + ".1", GATHERED, dtype, dims));
  }
}
