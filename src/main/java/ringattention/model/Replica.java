package ringattention.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import ringattention.attention.Attention;
import ringattention.attention.ExchangedAttention;
import ringattention.attention.HeadsBuffers;
import ringattention.attention.HeadsExchange;
import ringattention.attention.RingAttention;
import ringattention.attention.RingBuffers;
import ringattention.attention.VanillaAttention;
import ringattention.comm.Communicator;
import ringattention.comm.RingExchange;
import ringattention.data.Sample;
import ringattention.device.Allocator;
import ringattention.device.Collectives;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.ShardedWeights;
import ringattention.shard.Documents;
import ringattention.shard.Mesh;

/**
 * This rank's part of a model, put together: buffers, ring, sharded parameters, Transformer. With a
 * policy that is forward only there are weights, and no moments and gradients.
 */
public final class Replica {
  private final ModelSetup setup;
  private final int rank;
  private final ShardedWeights weights;
  private final ShardedParameters parameters; // null without a backward
  private final Activations activations;
  private final Communicator sharing; // ranks that hold the other tokens of its sequences
  private final Device device;
  private final List<RingExchange> exchanges = new ArrayList<>(); // none but of a ring
  private final Attention attention;
  private final Transformer transformer;
  private final TrajectoryValues values;

  /**
   * Collective over the world.
   *
   * @param world all ranks of the job, as many as the setup says
   * @param collectives of the same ranks, for parameters and gradients
   * @param allocator backed by the device
   */
  public Replica(
      ModelSetup setup,
      Communicator world,
      Collectives collectives,
      Device device,
      Allocator allocator,
      PhaseTimer timer) {
    if (world.size() != setup.mesh().world()) {
      throw new IllegalArgumentException(
          "a setup for " + setup.mesh().world() + " ranks on " + world.size());
    }
    this.setup = setup;
    this.rank = world.rank();
    ModelBuffers buffers =
        ModelBuffers.allocate(allocator, setup, rank, device.compute(), device.sum());
    List<ParameterGroup> groups = setup.groups(rank);
    this.parameters =
        buffers.training() == null
            ? null
            : new ShardedParameters(device, world, collectives, groups, buffers.training(), timer);
    this.weights =
        parameters == null
            ? new ShardedWeights(device, world, collectives, groups, buffers.weights(), timer)
            : parameters.weights();
    this.activations = buffers.activations();
    this.sharing = world.split(setup.mesh().dataRank(rank));
    this.device = device;
    this.values = new TrajectoryValues(setup.model());
    this.attention = attention(collectives, buffers, timer);
    this.transformer =
        new Transformer(
            setup.share(),
            setup.policy(),
            setup.shape(rank),
            device,
            weights,
            parameters,
            attention,
            exchange(collectives, timer),
            activations,
            timer);
  }

  /** Returns how tensor ranks exchange tokens; null without these. */
  private TokensExchange exchange(Collectives collectives, PhaseTimer timer) {
    Mesh mesh = setup.mesh();
    return mesh.tensor() == 1
        ? null
        : new TokensExchange(
            device,
            collectives,
            setup.tensorLayout(),
            mesh.sharingRank(rank),
            mesh.tensorGroup(rank),
            activations.entered().room(),
            timer);
  }

  private Attention attention(Collectives collectives, ModelBuffers buffers, PhaseTimer timer) {
    if (setup.attention() == AttentionKind.VANILLA) {
      return new VanillaAttention(device, setup.mask(), buffers.vanilla(), timer);
    }
    Mesh mesh = setup.mesh();
    Communicator ring =
        mesh.heads() * mesh.tensor() == 1 ? sharing : sharing.split(mesh.insideRank(rank));
    exchanges.addAll(List.of(new RingExchange(ring), new RingExchange(ring)));
    Function<RingBuffers, Attention> around =
        ofRing ->
            new RingAttention(
                device,
                setup.ringLayout(),
                setup.mask(),
                ring.rank(),
                exchanges.get(0),
                exchanges.get(1),
                ofRing,
                timer);
    if (mesh.heads() == 1) {
      return around.apply(buffers.ring());
    }
    HeadsExchange exchange =
        new HeadsExchange(
            device,
            collectives,
            setup.headsLayout(),
            mesh.tokensRank(rank),
            mesh.headsGroup(rank),
            timer);
    List<Attention> rings =
        buffers.heads().chunks().stream().map(HeadsBuffers.Chunk::ring).map(around).toList();
    return new ExchangedAttention(rings, exchange, buffers.heads());
  }

  /** How far the exchanges around the ring are, in words; empty without a ring. For any thread. */
  public String exchanging() {
    boolean alone = exchanges.isEmpty() || exchanges.get(0).size() == 1;
    return alone
        ? ""
        : "ring of keys and values "
            + exchanges.get(0).state()
            + ", of gradients "
            + exchanges.get(1).state();
  }

  /**
   * @throws IllegalStateException if there is no backward
   */
  public ShardedParameters parameters() {
    if (parameters == null) {
      throw new IllegalStateException("a replica that only goes forward has weights only");
    }
    return parameters;
  }

  public ShardedWeights weights() {
    return weights;
  }

  public Transformer transformer() {
    return transformer;
  }

  /**
   * Puts this rank's part of its ring's sequences on the device.
   *
   * @param samples [batch]; unless the setup is for packed sequences, all with the same documents
   *     and positions
   * @throws IllegalArgumentException if they are not, or have not the numbers that the model begins
   *     with
   */
  public void load(Sample[] samples) {
    int turns = setup.shape(rank).turns();
    requireAlike(samples, turns);
    values.require(samples);
    attention.documents(
        Arrays.stream(samples, 0, turns)
            .map(sample -> Documents.startingAt(sample.documents()))
            .toArray(Documents[]::new));
    int[] held = setup.layout().positions(setup.mesh().sharingRank(rank));
    int batch = samples.length;
    int[] tokens = new int[held.length * batch];
    int[] labels = new int[held.length * batch];
    int[] entered = setup.enteredLayout().positions(setup.mesh().tokensRank(rank));
    int[] positions = new int[turns * entered.length];
    for (int i = 0; i < held.length; i++) {
      for (int b = 0; b < batch; b++) {
        tokens[i * batch + b] = samples[b].tokens()[held[i]];
        labels[i * batch + b] = samples[b].labels()[held[i]];
      }
    }
    for (int turn = 0; turn < turns; turn++) {
      for (int i = 0; i < entered.length; i++) {
        positions[turn * entered.length + i] = samples[turn].positions()[entered[i]];
      }
    }
    transformer.load(tokens, labels, positions);
    values.load(transformer, held, samples);
  }

  /** Sequences that attention takes together have one set of documents and positions. */
  private static void requireAlike(Sample[] samples, int turns) {
    for (Sample sample : samples) {
      if (turns < samples.length
          && !(Arrays.equals(sample.documents(), samples[0].documents())
              && Arrays.equals(sample.positions(), samples[0].positions()))) {
        throw new IllegalArgumentException(
            "sequences with documents of their own in a setup for sequences that are alike");
      }
    }
  }

  /** Returns what counts exact answers in the sequences of this rank's ring. */
  public ExactAnswers answers() {
    return new ExactAnswers(setup.layout().positions(setup.mesh().sharingRank(rank)), sharing);
  }

  /** The batch that {@link #load} put on the device: its tokens, labels and positions. */
  public Activations activations() {
    return activations;
  }

  /** Loss and gradients of one batch: sum of the losses of this rank's tokens. Collective. */
  public double lossAndGradients(double scale) {
    transformer.clearLoss();
    transformer.accumulate(scale);
    return transformer.loss();
  }

  /**
   * Returns when nothing reads or writes the replica's memory any more, which may be freed then: a
   * forward has gathered weights that nobody used, a backward's last sums are on their way.
   */
  public void settle() {
    weights.settle();
    if (parameters != null) {
      parameters.settle();
    }
    device.synchronize();
  }
}
