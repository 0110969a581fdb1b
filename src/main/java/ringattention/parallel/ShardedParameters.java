package ringattention.parallel;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import ringattention.comm.Communicator;
import ringattention.device.Collectives;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Kernels;
import ringattention.device.Tensor;
import ringattention.metrics.PhaseTimer;

/**
 * All parameters of a model, sharded over all ranks of the job, or those that have the same part of
 * cut ones. A whole group exists only from {@link #weights} until the group after next is
 * prefetched; its gradient only from {@link #gradients} to {@link #reduce}.
 */
public final class ShardedParameters implements ParameterSource, GradientSink {
  private final Device device;
  private final Communicator world;
  private final PartCollectives collectives;
  private final List<ParameterGroup> groups;
  private final ShardBuffers buffers;
  private final ShardedWeights weights;
  private final ShardTransfer transfer;
  private final GradientSums sums;

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
    this.collectives = PartCollectives.of(collectives, groups, world.rank());
    this.groups = List.copyOf(groups);
    this.buffers = buffers;
    this.weights =
        new ShardedWeights(device, world, this.collectives, this.groups, buffers.weights(), timer);
    this.transfer = new ShardTransfer(device, this.groups, world.rank(), world.size());
    this.sums =
        new GradientSums(
            device,
            this.collectives,
            world.size(),
            this.groups,
            buffers,
            new WholeGradients(device, collectives, world.rank(), world.size(), groups, buffers),
            timer);
  }

  public List<ParameterGroup> groups() {
    return groups;
  }

  /** Returns the element type of all states: the device's sum type. */
  public DType type() {
    return weights.type();
  }

  /** Sets weights from the seed, moments and gradients to zero. */
  public void initialize(long seed, double standardDeviation) {
    clear();
    weights.initialize(seed, standardDeviation);
  }

  /**
   * Sets weights, moments and gradients to zero, padding included: what {@link #load} starts on.
   */
  public void clear() {
    weights.clear();
    for (ShardBuffers.Shard shard : buffers.shards()) {
      for (Tensor tensor : List.of(shard.momentum(), shard.variance(), shard.gradient())) {
        device.kernels().fill(tensor, 0);
      }
    }
  }

  /**
   * Sets a state of this rank's part of every parameter. Values go through single precision.
   *
   * @param source asked for this rank's part only, in the order of the model
   */
  public void load(State state, ValueSource source) {
    transfer.load(shards(state), source);
    changed(state);
  }

  /** Loads like {@link #load}, without rounding. */
  public void loadExactly(State state, StateSource source) {
    transfer.loadExactly(shards(state), source, type());
    changed(state);
  }

  /**
   * Hands out a state of this rank's part of every parameter, in the order of the model. Values go
   * through single precision.
   */
  public void save(State state, ValueSink sink) {
    transfer.save(shards(state), sink);
  }

  /** Saves like {@link #save}, without rounding. */
  public void saveExactly(State state, StateSink sink) {
    transfer.saveExactly(shards(state), sink, type());
  }

  private IntFunction<Tensor> shards(State state) {
    return group -> buffers.shards().get(group).of(state);
  }

  private void changed(State state) {
    if (state == State.WEIGHT) {
      weights.changed();
    }
  }

  /** Returns the weights alone: what a forward needs. */
  public ShardedWeights weights() {
    return weights;
  }

  @Override
  public void prefetch(int group) {
    weights.prefetch(group);
  }

  @Override
  public Weights weights(int group) {
    return weights.weights(group);
  }

  @Override
  public Weights gradients(int group) {
    return new Weights(groups.get(group), sums.room(group));
  }

  @Override
  public void reduce(int group) {
    sums.reduce(group);
  }

  /** Work enqueued from now on finds no gather or sum under way. */
  public void settle() {
    weights.settle();
    sums.settle();
  }

  /** Global Euclidean norm of the gradient. Collective; the same bits on every rank. */
  public double gradientNorm() {
    sums.complete();
    double squares = 0;
    for (int group = 0; group < groups.size(); group++) {
      for (Tensor gradient : counted(group)) {
        squares += device.kernels().sumOfSquares(gradient);
      }
    }
    return Math.sqrt(world.allReduce(squares, Communicator.Operation.SUM));
  }

  /**
   * Returns this rank's part of a group's gradient, of weights that others hold too on one rank.
   */
  private List<Tensor> counted(int group) {
    Tensor all = buffers.shards().get(group).gradient();
    if (world.rank() % groups.get(group).parts() == 0) {
      return List.of(all);
    }
    return pieces(group).stream()
        .filter(piece -> piece.parameter().isCut())
        .map(piece -> all.slice(piece.from(), piece.from() + piece.length()))
        .toList();
  }

  /**
   * The first parameter, in model order, with a gradient that is not finite; empty text if all are.
   * Collective.
   */
  public String firstNonFiniteGradient() {
    sums.complete();
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
        first = Math.min(first, before + groups.get(group).shard(world.rank()) * size + index);
      }
      before += groups.get(group).gatheredElements(world.size());
    }
    double rest = world.allReduce(first, Communicator.Operation.MIN);
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        if (rest >= group.offset(parameter)
            && rest < group.offset(parameter) + parameter.elements()) {
          return parameter.name();
        }
      }
      rest -= group.gatheredElements(world.size());
    }
    return "";
  }

  /**
   * Makes one AdamW step on this rank's shards; the next gradients start from zero.
   *
   * @param decays which parameters the weight decay applies to, the same on every rank
   */
  public void update(Kernels.AdamW settings, Predicate<Parameter> decays) {
    sums.complete();
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
                decays.test(piece.parameter()) ? settings : withoutDecay);
      }
    }
    sums.restart();
    weights.changed();
  }

  /** Forgets the gradients; weights and moments stay, the next gradients start from zero. */
  public void dropGradients() {
    sums.settle();
    sums.restart();
  }

  /**
   * The whole gradient of a group on the host, in the order of its whole parameters, on every rank.
   * Collective; for checks of small models only.
   */
  public double[] gatherGradient(int group) {
    sums.complete();
    ParameterGroup held = groups.get(group);
    Tensor part = buffers.shards().get(group).gradient();
    Tensor gathered = flat(buffers.gradients().get(0), held.gatheredElements(world.size()));
    collectives.of(held).allGather(part, gathered, device.mark()).await();
    double[] own = device.read(gathered);
    if (held.parts() == 1) {
      return Arrays.copyOf(own, Math.toIntExact(held.elements()));
    }
    double[] whole = held.inWhole(own, world.rank());
    world.allReduce(whole, Communicator.Operation.SUM);
    return whole;
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
