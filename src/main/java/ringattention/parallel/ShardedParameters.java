package ringattention.parallel;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import ringattention.comm.Communicator;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Kernels;
import ringattention.device.Memory;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;

/**
 * All parameters of a model, sharded over all ranks of the job. A whole group exists only from
 * {@link #weights} until the group after next is prefetched; its gradient only from {@link
 * #gradients} to {@link #reduce}.
 */
public final class ShardedParameters {
  private static final int NONE = -1;
  private static final int UPLOAD = 1 << 22; // bytes on the host at a time

  private final Device device;
  private final Communicator world;
  private final Collectives collectives;
  private final List<ParameterGroup> groups;
  private final ShardBuffers buffers;
  private final PhaseTimer timer;
  private final GradientSums sums;
  private final int[] resident = {NONE, NONE}; // which group each gathering buffer holds
  private final Completion[] arrival = {Completion.DONE, Completion.DONE};
  private int lastUsed; // gathering buffer

  /**
   * @param world all ranks, for small values
   * @param collectives of the same ranks, for parameters and gradients
   */
  public ShardedParameters(
      Device device,
      Communicator world,
      Collectives collectives,
      List<ParameterGroup> groups,
      ShardBuffers buffers,
      PhaseTimer timer) {
    this.device = device;
    this.world = world;
    this.collectives = collectives;
    this.groups = List.copyOf(groups);
    this.buffers = buffers;
    this.timer = timer;
    this.sums = new GradientSums(device, collectives, world.size(), groups, buffers, timer);
  }

  public List<ParameterGroup> groups() {
    return groups;
  }

  /** Returns the element type of all states: the device's sum type. */
  public DType type() {
    return buffers.shards().get(0).weight().dtype();
  }

  /** Sets weights from the seed, moments and gradients to zero. */
  public void initialize(long seed, double standardDeviation) {
    clear();
    InitialWeights initial = new InitialWeights(seed, standardDeviation);
    for (int group = 0; group < groups.size(); group++) {
      ShardBuffers.Shard shard = buffers.shards().get(group);
      for (ParameterGroup.Piece piece : pieces(group)) {
        Tensor weight = shard.weight().slice(piece.from(), piece.from() + piece.length());
        initial.set(device.kernels(), piece.parameter(), piece.index(), weight);
      }
    }
  }

  /**
   * Sets weights, moments and gradients to zero, padding included: what {@link #load} starts on.
   */
  public void clear() {
    for (ShardBuffers.Shard shard : buffers.shards()) {
      for (Tensor tensor :
          List.of(shard.weight(), shard.momentum(), shard.variance(), shard.gradient())) {
        device.kernels().fill(tensor, 0);
      }
    }
    weightsChanged();
  }

  /**
   * Sets a state of this rank's part of every parameter. Values go through single precision.
   *
   * @param source asked for this rank's part only, in the order of the model
   */
  public void load(State state, ValueSource source) {
    transfer(
        (tensor, host, piece, index) -> {
          source.read(piece.parameter(), index, floats(host));
          if (tensor.dtype() == host.dtype()) {
            device.waitFor(device.toDevice(host, tensor));
          } else { // the reference holds double precision
            double[] values = new double[(int) host.elements()];
            Arrays.setAll(values, floats(host)::get);
            device.write(tensor, values);
          }
        },
        state,
        DType.F32);
    if (state == State.WEIGHT) {
      weightsChanged();
    }
  }

  /** Loads like {@link #load}, without rounding. */
  public void loadExactly(State state, StateSource source) {
    transfer(
        (tensor, host, piece, index) -> {
          source.read(piece.parameter(), index, host.buffer());
          device.waitFor(device.toDevice(host, tensor));
        },
        state,
        type());
    if (state == State.WEIGHT) {
      weightsChanged();
    }
  }

  /**
   * Hands out a state of this rank's part of every parameter, in the order of the model. Values go
   * through single precision.
   */
  public void save(State state, ValueSink sink) {
    transfer(
        (tensor, host, piece, index) -> {
          if (tensor.dtype() == host.dtype()) {
            device.toHost(tensor, host).await();
          } else {
            FloatBuffer values = floats(host);
            for (double value : device.read(tensor)) {
              values.put((float) value);
            }
          }
          sink.write(piece.parameter(), index, floats(host));
        },
        state,
        DType.F32);
  }

  /** Saves like {@link #save}, without rounding. */
  public void saveExactly(State state, StateSink sink) {
    transfer(
        (tensor, host, piece, index) -> {
          device.toHost(tensor, host).await();
          sink.write(piece.parameter(), index, host.buffer());
        },
        state,
        type());
  }

  private interface Move {
    /** A part of a shard, and room for it on the host. */
    void accept(Tensor tensor, Tensor host, ParameterGroup.Piece piece, long index);
  }

  /**
   * @param type of what is on the host
   */
  private void transfer(Move move, State state, DType type) {
    try (Memory host = device.allocateHost(UPLOAD)) {
      for (int group = 0; group < groups.size(); group++) {
        Tensor shard = buffers.shards().get(group).of(state);
        for (ParameterGroup.Piece piece : pieces(group)) {
          int room = UPLOAD / type.bytes(); // elements
          for (long done = 0; done < piece.length(); done += room) {
            long count = Math.min(room, piece.length() - done);
            long from = piece.from() + done;
            move.accept(
                shard.slice(from, from + count),
                new Tensor(host, 0, type, count),
                piece,
                piece.index() + done);
            device.synchronize(); // before the room is used again
          }
        }
      }
    }
  }

  private static FloatBuffer floats(Tensor host) {
    return host.buffer().asFloatBuffer();
  }

  /**
   * Starts gathering a group, unless it is there; the group last asked for by {@link #weights}
   * stays.
   */
  public void prefetch(int group) {
    if (group == resident[0] || group == resident[1]) {
      return;
    }
    int buffer = 1 - lastUsed;
    device.waitFor(arrival[buffer]); // of a group fetched but never used
    try (var scope = timer.in(Phase.GATHER)) {
      long elements = groups.get(group).shardElements(world.size());
      Tensor part = buffers.shards().get(group).weight();
      if (!buffers.wires().isEmpty()) {
        Tensor wire = flat(buffers.wires().get(buffer), elements);
        device.kernels().copy(part, wire);
        part = wire;
      }
      Tensor whole = flat(buffers.gathered().get(buffer), elements * world.size());
      arrival[buffer] = collectives.allGather(part, whole, device.mark());
    }
    resident[buffer] = group;
  }

  /**
   * The whole group, gathered, in the compute type; valid until the group after the next is
   * prefetched.
   */
  public Weights weights(int group) {
    prefetch(group);
    lastUsed = resident[0] == group ? 0 : 1;
    try (var scope = timer.in(Phase.GATHER)) {
      device.waitFor(arrival[lastUsed]);
    }
    return new Weights(groups.get(group), flat(buffers.gathered().get(lastUsed)));
  }

  /**
   * Room for the gradient of a whole group, zeroed, in the sum type; until {@link #reduce} of the
   * same group.
   */
  public Weights gradients(int group) {
    return new Weights(groups.get(group), sums.room(group));
  }

  /**
   * Starts summing the group's gradient over all ranks, of which this rank's part is added to its
   * shard, beside the work that follows.
   */
  public void reduce(int group) {
    sums.reduce(group);
  }

  /** Global Euclidean norm of the gradient. Collective; the same bits on every rank. */
  public double gradientNorm() {
    sums.settle();
    double squares = 0;
    for (ShardBuffers.Shard shard : buffers.shards()) {
      squares += device.kernels().sumOfSquares(shard.gradient());
    }
    return Math.sqrt(world.allReduce(squares, Communicator.Operation.SUM));
  }

  /**
   * The first parameter, in model order, with a gradient that is not finite; empty text if all are.
   * Collective.
   */
  public String firstNonFiniteGradient() {
    sums.settle();
    return firstNonFinite(ShardBuffers.Shard::gradient);
  }

  /**
   * Returns the name of the first parameter, in model order, with a value of that state that is not
   * finite; empty text if all are. Collective.
   */
  public String firstNonFinite(State state) {
    return firstNonFinite(shard -> shard.of(state));
  }

  private String firstNonFinite(Function<ShardBuffers.Shard, Tensor> values) {
    double first = Double.POSITIVE_INFINITY; // counted over all elements of all groups
    double before = 0;
    for (int group = 0; group < groups.size(); group++) {
      Tensor own = values.apply(buffers.shards().get(group));
      long index = device.kernels().firstNonFinite(own);
      long size = groups.get(group).shardElements(world.size());
      if (index >= 0) {
        first = Math.min(first, before + world.rank() * size + index);
      }
      before += size * world.size();
    }
    double rest = world.allReduce(first, Communicator.Operation.MIN);
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        if (rest >= group.offset(parameter)
            && rest < group.offset(parameter) + parameter.elements()) {
          return parameter.name();
        }
      }
      rest -= group.shardElements(world.size()) * world.size();
    }
    return "";
  }

  /** One AdamW step on this rank's shards; the next gradients start from zero. */
  public void update(Kernels.AdamW settings) {
    sums.settle();
    Kernels.AdamW withoutDecay =
        new Kernels.AdamW(
            settings.learningRate(),
            settings.beta1(),
            settings.beta2(),
            settings.epsilon(),
            0,
            settings.step(),
            settings.gradientScale());
    for (int group = 0; group < groups.size(); group++) {
      ShardBuffers.Shard shard = buffers.shards().get(group);
      for (ParameterGroup.Piece piece : pieces(group)) {
        long from = piece.from();
        long to = from + piece.length();
        device
            .kernels()
            .adamW(
                shard.weight().slice(from, to),
                shard.momentum().slice(from, to),
                shard.variance().slice(from, to),
                shard.gradient().slice(from, to),
                piece.parameter().decays() ? settings : withoutDecay);
      }
    }
    sums.restart();
    weightsChanged();
  }

  /** Forgets the gradients; weights and moments stay, the next gradients start from zero. */
  public void dropGradients() {
    sums.settle();
    sums.restart();
  }

  /**
   * The whole gradient of a group on the host, in the order of its parameters, on every rank.
   * Collective; for checks of small models only.
   */
  public double[] gatherGradient(int group) {
    sums.settle();
    Tensor part = buffers.shards().get(group).gradient();
    Tensor whole = flat(buffers.gradients().get(0), part.elements() * world.size());
    collectives.allGather(part, whole, device.mark()).await();
    return Arrays.copyOf(device.read(whole), Math.toIntExact(groups.get(group).elements()));
  }

  /** What was gathered before is no longer true. */
  private void weightsChanged() {
    for (int buffer = 0; buffer < resident.length; buffer++) {
      device.waitFor(arrival[buffer]);
      resident[buffer] = NONE;
    }
  }

  private List<ParameterGroup.Piece> pieces(int group) {
    return groups.get(group).pieces(world.rank(), world.size());
  }

  private static Tensor flat(Tensor tensor) {
    return tensor.view(tensor.elements());
  }

  private static Tensor flat(Tensor tensor, long elements) {
    return flat(tensor).slice(0, elements);
  }
}
