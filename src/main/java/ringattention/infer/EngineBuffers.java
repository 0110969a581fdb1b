package ringattention.infer;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;
import static ringattention.device.Allocator.Purpose.RING;

import java.util.List;
import ringattention.attention.KeyValue;
import ringattention.attention.RingBuffers;
import ringattention.device.Allocator;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.model.ActivationPolicy;
import ringattention.model.Activations;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.model.ShardShape;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ResidentWeights;
import ringattention.parallel.WeightBuffers;

/**
 * Every buffer of an engine on one rank.
 *
 * @param resident null where weights are sharded
 * @param sharded null where weights are resident
 * @param prefill activations of a chunk, also of shorter ones
 * @param ring what the ring receives and merges while it computes a chunk; null where there are no
 *     prompts, and nothing of prefill then
 * @param step buffers of a step, also of one of fewer rows
 */
record EngineBuffers(
    ResidentWeights.Buffers resident,
    WeightBuffers sharded,
    KeyValueCache.Buffers cache,
    Reused prefill,
    RingBuffers ring,
    Reused step) {

  /** The same calls make the memory plan and the allocation, depending on the allocator. */
  static EngineBuffers allocate(
      Allocator allocator, EngineShape shape, int rank, DType compute, DType sum) {
    ModelConfig model = shape.model();
    List<ParameterGroup> groups = LlamaParameters.groups(model);
    Reused prefill = new Reused(allocator, "prefill");
    Reused step = new Reused(allocator, "step");
    EngineBuffers buffers =
        new EngineBuffers(
            shape.resident()
                ? ResidentWeights.Buffers.allocate(allocator, groups, compute, sum)
                : null,
            shape.resident()
                ? null
                : WeightBuffers.allocate(allocator, groups, shape.ranks(), compute, sum),
            KeyValueCache.Buffers.allocate(allocator, model, shape.slots(), compute),
            prefill,
            shape.reads() ? ring(allocator, shape, rank, compute, sum) : null,
            step);
    if (shape.reads()) {
      activations(prefill, model, shape.shard(shape.wholeChunk(), rank), compute, sum);
    }
    StepBuffers.allocate(step, model, shape.rows(), shape.ranks(), compute, sum);
    return buffers;
  }

  /** Allocates the activations of a chunk's part on this rank. */
  static Activations activations(
      Allocator allocator, ModelConfig model, ShardShape part, DType compute, DType sum) {
    return Activations.allocate(
        allocator,
        model,
        ActivationPolicy.forwardOnly(model.layers(), 1),
        part,
        false,
        compute,
        sum);
  }

  private static RingBuffers ring(
      Allocator allocator, EngineShape shape, int rank, DType compute, DType sum) {
    ModelConfig model = shape.model();
    Dim tokens = new Dim("tokens", shape.wholeChunk().size(rank));
    Dim one = new Dim("batch", 1);
    Dim heads = new Dim("heads", model.heads().query());
    Dim size = new Dim("head size", model.heads().size());
    return new RingBuffers(
        null,
        null,
        shape.ranks() == 1
            ? List.of()
            : List.of(slot(allocator, shape, 0, compute), slot(allocator, shape, 1, compute)),
        List.of(),
        null,
        compute == sum
            ? null
            : allocator.allocate("prefill.query_sum", ACTIVATIONS, sum, tokens, one, heads, size),
        allocator.allocate("prefill.block_out", ACTIVATIONS, compute, tokens, one, heads, size),
        allocator.allocate("prefill.block_log_sum_exp", ACTIVATIONS, sum, tokens, one, heads));
  }

  /** Allocates a receiving slot: the keys and values of another rank's whole cache. */
  private static KeyValue slot(Allocator allocator, EngineShape shape, int index, DType compute) {
    Dim slots = new Dim("slots", shape.slots());
    Dim one = new Dim("batch", 1);
    Dim heads = new Dim("key/value heads", shape.model().heads().keyValue());
    Dim size = new Dim("head size", shape.model().heads().size());
    String name = "ring.slot." + index;
    return KeyValue.apart(
        allocator.allocate(name + ".keys", RING, compute, slots, one, heads, size),
        allocator.allocate(name + ".values", RING, compute, slots, one, heads, size));
  }
}
