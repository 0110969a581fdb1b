package ringattention.parallel;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import ringattention.comm.Communicator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Kernels;
import ringattention.device.Memory;
import ringattention.device.Tensor;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Timeline;
import ringattention.metrics.Track;

/**
 * All parameters of a model, sharded over all ranks of the job. A whole group exists only from
 * {@link #weights} until the group after next is prefetched; its gradient only from {@link
 * #gradients} to {@link #reduce}.
 */
public final class ShardedParameters {
  private static final int NONE = -1;
  private static final int UPLOAD = 1 << 20; // elements of initial weights made at a time

  private final Device device;
  private final Communicator world;
  private final List<ParameterGroup> groups;
  private final ShardBuffers buffers;
  private final PhaseTimer timer;
  private final int[] resident = {NONE, NONE}; // which group each gathering buffer holds
  private final Communicator.Request[] arriving = new Communicator.Request[2]; // null: arrived
  private Timeline.Flight gather = Timeline.Flight.UNSEEN; // at most one is under way
  private int lastUsed; // gathering buffer

  public ShardedParameters(
      Device device,
      Communicator world,
      List<ParameterGroup> groups,
      ShardBuffers buffers,
      PhaseTimer timer) {
    this.device = device;
    this.world = world;
    this.groups = List.copyOf(groups);
    this.buffers = buffers;
    this.timer = timer;
  }

  public List<ParameterGroup> groups() {
    return groups;
  }

  /** Sets weights from the seed, moments and gradients to zero. */
  public void initialize(long seed, double standardDeviation) {
    clear();
    InitialWeights initial = new InitialWeights(seed, standardDeviation);
    for (int group = 0; group < groups.size(); group++) {
      ShardBuffers.Shard shard = buffers.shards().get(group);
      for (ParameterGroup.Piece piece : pieces(group)) {
        for (long done = 0; done < piece.length(); done += UPLOAD) {
          int count = (int) Math.min(UPLOAD, piece.length() - done);
          long from = piece.from() + done;
          device.write(
              shard.weight().slice(from, from + count),
              initial.values(piece.parameter(), piece.index() + done, count));
        }
      }
    }
    weightsChanged();
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
          device.waitFor(device.toDevice(host, tensor));
        },
        state);
    if (state == State.WEIGHT) {
      weightsChanged();
    }
  }

  /** Hands out a state of this rank's part of every parameter, in the order of the model. */
  public void save(State state, ValueSink sink) {
    transfer(
        (tensor, host, piece, index) -> {
          device.toHost(tensor, host).await();
          sink.write(piece.parameter(), index, floats(host));
        },
        state);
  }

  private interface Move {
    /** A part of a shard, and room for it on the host. */
    void accept(Tensor tensor, Tensor host, ParameterGroup.Piece piece, long index);
  }

  private void transfer(Move move, State state) {
    try (Memory host = device.allocateHost((long) UPLOAD * Float.BYTES)) {
      for (int group = 0; group < groups.size(); group++) {
        Tensor shard = buffers.shards().get(group).of(state);
        for (ParameterGroup.Piece piece : pieces(group)) {
          for (long done = 0; done < piece.length(); done += UPLOAD) {
            long count = Math.min(UPLOAD, piece.length() - done);
            long from = piece.from() + done;
            move.accept(
                shard.slice(from, from + count),
                new Tensor(host, 0, DType.F32, count),
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
    await(buffer); // a group fetched but never used
    try (var scope = timer.in(Phase.GATHER)) {
      ShardBuffers.Shard shard = buffers.shards().get(group);
      long elements = groups.get(group).shardElements(world.size());
      device.synchronize();
      gather = timer.timeline().begin(Track.PARAMETERS, () -> groups.get(group).name());
      arriving[buffer] =
          world.allGather(
              shard.wire().buffer(),
              flat(buffers.gathered().get(buffer), elements * world.size()).buffer());
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
    await(lastUsed);
    return new Weights(groups.get(group), flat(buffers.gathered().get(lastUsed)));
  }

  /** Room for the gradient of a whole group, zeroed, in the sum type. */
  public Weights gradients(int group) {
    long elements = groups.get(group).shardElements(world.size()) * world.size();
    device.kernels().fill(flat(buffers.gradient(), elements), 0);
    return new Weights(groups.get(group), flat(buffers.gradient()));
  }

  /** Sums the group's gradient over all ranks and adds this rank's part to its shard. */
  public void reduce(int group) {
    try (var scope = timer.in(Phase.REDUCE)) {
      long elements = groups.get(group).shardElements(world.size());
      Tensor part = flat(buffers.reduced(), elements);
      device.synchronize();
      world
          .reduceScatter(
              device.sum() == DType.F64 ? Communicator.Element.F64 : Communicator.Element.F32,
              flat(buffers.gradient(), elements * world.size()).buffer(),
              part.buffer())
          .await();
      device.kernels().add(buffers.shards().get(group).gradient(), part);
    }
  }

  /** Global Euclidean norm of the gradient. Collective; the same bits on every rank. */
  public double gradientNorm() {
    double[] squares = {0};
    for (ShardBuffers.Shard shard : buffers.shards()) {
      squares[0] += device.kernels().sumOfSquares(shard.gradient());
    }
    world.allReduce(squares, Communicator.Operation.SUM);
    return Math.sqrt(squares[0]);
  }

  /**
   * The first parameter, in model order, with a gradient that is not finite; empty text if all are.
   * Collective.
   */
  public String firstNonFiniteGradient() {
    double first = Double.POSITIVE_INFINITY; // counted over all elements of all groups
    double before = 0;
    for (int group = 0; group < groups.size(); group++) {
      long index = device.kernels().firstNonFinite(buffers.shards().get(group).gradient());
      long size = groups.get(group).shardElements(world.size());
      if (index >= 0) {
        first = Math.min(first, before + world.rank() * size + index);
      }
      before += size * world.size();
    }
    double[] least = {first};
    world.allReduce(least, Communicator.Operation.MIN);
    double rest = least[0];
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

  /** One AdamW step on this rank's shards, then zeroes the gradients. */
  public void update(Kernels.AdamW settings) {
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
      device.kernels().fill(shard.gradient(), 0);
    }
    weightsChanged();
  }

  /**
   * The whole gradient of a group on the host, in the order of its parameters, on every rank.
   * Collective; for checks of small models only.
   */
  public double[] gatherGradient(int group) {
    long elements = groups.get(group).shardElements(world.size());
    Tensor whole = flat(buffers.gradient(), elements * world.size());
    device.synchronize();
    world.allGather(buffers.shards().get(group).gradient().buffer(), whole.buffer()).await();
    return Arrays.copyOf(device.read(whole), Math.toIntExact(groups.get(group).elements()));
  }

  private void weightsChanged() {
    for (int buffer = 0; buffer < resident.length; buffer++) {
      await(buffer);
      resident[buffer] = NONE;
    }
    for (ShardBuffers.Shard shard : buffers.shards()) {
      if (shard.wire() != shard.weight()) {
        device.kernels().copy(shard.weight(), shard.wire());
      }
    }
  }

  private void await(int buffer) {
    if (arriving[buffer] != null) {
      try (var scope = timer.in(Phase.GATHER)) {
        arriving[buffer].await();
      }
      arriving[buffer] = null;
      gather.landed();
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
