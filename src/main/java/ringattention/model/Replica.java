package ringattention.model;

import java.util.function.Consumer;
import ringattention.attention.Attention;
import ringattention.attention.RingAttention;
import ringattention.attention.VanillaAttention;
import ringattention.comm.Communicator;
import ringattention.comm.RingExchange;
import ringattention.device.Allocator;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.ShardedParameters;
import ringattention.shard.SequenceLayout;

/** This rank's part of a model, put together: buffers, ring, sharded parameters, Transformer. */
public final class Replica {
  private final ModelSetup setup;
  private final int rank;
  private final ShardedParameters parameters;
  private final Activations activations;
  private final Transformer transformer;

  /**
   * Collective over the world.
   *
   * @param world all ranks of the job, as many as the setup says
   * @param allocator backed by the device
   */
  public Replica(
      ModelSetup setup, Communicator world, Device device, Allocator allocator, PhaseTimer timer) {
    if (world.size() != setup.decomposition().world()) {
      throw new IllegalArgumentException(
          "a setup for " + setup.decomposition().world() + " ranks on " + world.size());
    }
    this.setup = setup;
    this.rank = world.rank();
    ModelBuffers buffers =
        ModelBuffers.allocate(allocator, setup, rank, device.compute(), device.sum());
    this.parameters =
        new ShardedParameters(
            device, world, LlamaParameters.groups(setup.model()), buffers.parameters(), timer);
    this.activations = buffers.activations();
    this.transformer =
        new Transformer(
            setup.model(),
            setup.shape(rank),
            device,
            parameters,
            attention(setup, world, device, buffers, timer),
            activations,
            timer);
  }

  private static Attention attention(
      ModelSetup setup, Communicator world, Device device, ModelBuffers buffers, PhaseTimer timer) {
    Communicator ring = world.split(setup.decomposition().replica(world.rank()));
    return switch (setup.attention()) {
      case VANILLA -> new VanillaAttention(device, setup.mask(), buffers.vanilla(), timer);
      case RING, MEMORY_EFFICIENT ->
          new RingAttention(
              device,
              setup.layout(),
              setup.mask(),
              ring.rank(),
              new RingExchange(ring),
              new RingExchange(ring),
              buffers.ring(),
              timer);
    };
  }

  public ShardedParameters parameters() {
    return parameters;
  }

  /**
   * Puts this rank's positions of its ring's sequences on the device.
   *
   * @param sequences [batch][sequence + 1] tokens; the label of each position is the token after it
   */
  public void load(int[][] sequences) {
    SequenceLayout layout = setup.layout();
    int[] positions = layout.positions(setup.decomposition().ringRank(rank));
    int batch = sequences.length;
    int[] tokens = new int[positions.length * batch];
    int[] labels = new int[positions.length * batch];
    for (int i = 0; i < positions.length; i++) {
      for (int b = 0; b < batch; b++) {
        tokens[i * batch + b] = sequences[b][positions[i]];
        labels[i * batch + b] = sequences[b][positions[i] + 1];
      }
    }
    transformer.load(tokens, labels, positions);
  }

  /** The batch that {@link #load} put on the device: its tokens, labels and positions. */
  public Activations activations() {
    return activations;
  }

  /** See {@link Transformer#logits}. */
  public void logits(Consumer<Tensor> sink) {
    transformer.logits(sink);
  }

  /** See {@link Transformer#forward}. */
  public Tensor forward() {
    return transformer.forward();
  }

  /** See {@link Transformer#lossAndGradients}. */
  public double lossAndGradients(double scale) {
    return transformer.lossAndGradients(scale);
  }
}
