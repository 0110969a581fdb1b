package ringattention.infer;

import java.util.List;
import java.util.TreeMap;
import ringattention.attention.Attention;
import ringattention.comm.Communicator;
import ringattention.device.Allocator;
import ringattention.device.Collectives;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ActivationPolicy;
import ringattention.model.Activations;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.model.ShardShape;
import ringattention.model.Transformer;
import ringattention.parallel.LoadableWeights;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ParameterSource;
import ringattention.parallel.ResidentWeights;
import ringattention.parallel.ShardedWeights;

/**
 * A model over a cache, on one rank of those that share it: weights, cache, and a step of every
 * number of rows that was asked for. New rows are computed by all ranks alike, each over its part
 * of the cache; exactly one keeps a row's key and value.
 */
final class CachedModel implements AutoCloseable {
  private final EngineShape shape;
  private final int rank;
  private final Device device;
  private final PhaseTimer timer;
  private final EngineBuffers buffers;
  private final Weights weights;
  private final KeyValueCache cache;
  private final Collectives collectives;
  private final SlotRanges ranges;
  private final TreeMap<Integer, DecodeStep> steps = new TreeMap<>(); // by rows, powers of two

  /** The weights, to be used and to be set. */
  private record Weights(ParameterSource source, LoadableWeights loadable) {}

  /**
   * Collective over the ring. Weights are undefined until they are set.
   *
   * @param ring the ranks that hold a cache together
   * @param collectives of the same ranks
   * @param allocator backed by the device
   */
  CachedModel(
      EngineShape shape,
      Communicator ring,
      Collectives collectives,
      Device device,
      Allocator allocator,
      PhaseTimer timer) {
    this.shape = shape;
    this.rank = ring.rank();
    this.device = device;
    this.timer = timer;
    this.collectives = collectives;
    this.buffers = EngineBuffers.allocate(allocator, shape, rank, device.compute(), device.sum());
    this.weights = weights(ring);
    this.cache = new KeyValueCache(buffers.cache());
    this.ranges = new SlotRanges(shape.slots());
  }

  private Weights weights(Communicator ring) {
    List<ParameterGroup> groups = LlamaParameters.groups(shape.model());
    if (shape.resident()) {
      ResidentWeights whole = new ResidentWeights(device, groups, buffers.resident());
      return new Weights(whole, whole);
    }
    ShardedWeights parts =
        new ShardedWeights(device, ring, collectives, groups, buffers.sharded(), timer);
    return new Weights(parts, parts);
  }

  /** Returns the weights, to set them. */
  LoadableWeights weights() {
    return weights.loadable();
  }

  EngineShape shape() {
    return shape;
  }

  int rank() {
    return rank;
  }

  Device device() {
    return device;
  }

  PhaseTimer timer() {
    return timer;
  }

  EngineBuffers buffers() {
    return buffers;
  }

  KeyValueCache cache() {
    return cache;
  }

  /** Returns which slots of the cache are taken. */
  SlotRanges ranges() {
    return ranges;
  }

  /** Makes the cache NaN: what is read and was never written shows. */
  void poison() {
    buffers.cache().keys().forEach(keys -> device.kernels().fill(keys, Double.NaN));
    buffers.cache().values().forEach(values -> device.kernels().fill(values, Double.NaN));
  }

  /** Returns the smallest step that takes so many rows. */
  DecodeStep step(int used) {
    int rows = Math.min(shape.rows(), used == 1 ? 1 : Integer.highestOneBit(used - 1) << 1);
    return steps.computeIfAbsent(rows, this::newStep);
  }

  private DecodeStep newStep(int rows) {
    ModelConfig model = shape.model();
    StepBuffers step =
        StepBuffers.allocate(
            buffers.step().again(), model, rows, shape.ranks(), device.compute(), device.sum());
    return new DecodeStep(
        device,
        transformer(
            StepBuffers.shape(rows),
            new CachedAttention(device, collectives, shape.ranks(), cache, step, timer),
            step.activations()),
        step);
  }

  /** Returns the model over some tokens, forward only. */
  Transformer transformer(ShardShape part, Attention attention, Activations activations) {
    ModelConfig model = shape.model();
    return new Transformer(
        model,
        ActivationPolicy.forwardOnly(model.layers(), 1),
        part,
        device,
        weights.source(),
        null,
        attention,
        null,
        activations,
        timer);
  }

  @Override
  public void close() {
    steps.values().forEach(DecodeStep::close);
  }
}
