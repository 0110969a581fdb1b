package ringattention.validate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import ringattention.attention.Attention;
import ringattention.attention.AttentionShape;
import ringattention.attention.KeyValue;
import ringattention.attention.RingBuffers;
import ringattention.attention.VanillaAttention;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Collectives;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.shard.TokenLayout;
import ringattention.validate.AttentionProblem.Input;

/**
 * One rank's part in solving an {@link AttentionProblem} on a device: allocate, load, run, bring
 * results to rank 0.
 */
public final class AttentionRunner implements AutoCloseable {
  /** What computes. */
  private enum Kind {
    RING,
    ONE_CALL,
    VANILLA
  }

  private final AttentionProblem problem; // as it is solved here
  private final HeadInputs inputs;
  private final Communicator ring;
  private final Device device;
  private final TokenLayout layout;
  private final Arena arena;
  private final RingParts.Assembled attention;
  private final RingParts.Assembled unconnected; // in the same buffers
  private final Communicator around; // ranks of this one's ring
  private final AttentionBuffers results; // and what goes in
  private Attention.Gradient gradient; // null before the first backward

  private AttentionRunner(
      Kind kind,
      AttentionProblem problem,
      HeadInputs inputs,
      Communicator ring,
      Collectives collectives, // null unless it is a ring
      Device device,
      PhaseTimer timer) {
    this.problem = problem;
    this.inputs = inputs;
    this.ring = ring;
    this.device = device;
    this.layout = problem.layout(ring.size());
    this.arena = new Arena(device);
    try {
      AttentionShape shape = AttentionBuffers.shape(problem, layout, ring.rank());
      if (kind == Kind.RING) {
        RingParts parts = new RingParts(problem, ring.size(), ring.rank());
        RingParts.Buffers buffers = parts.allocate(arena, device.compute(), device.sum());
        this.around = parts.ring(ring);
        this.attention = parts.assemble(device, collectives, around, buffers, timer);
        this.unconnected =
            parts.assemble(
                device, new UnconnectedCollectives(), Unconnected.as(around), buffers, timer);
      } else {
        this.around = ring;
        Attention alone =
            kind == Kind.VANILLA
                ? vanilla(shape, timer)
                : new OneCall(
                    device,
                    problem.mask(),
                    RingBuffers.allocate(arena, shape, device.compute(), device.sum(), false));
        this.attention = new RingParts.Assembled(alone, none -> {}, null);
        this.unconnected = attention;
      }
      this.attention.attention().documents(problem.documents());
      this.unconnected.attention().documents(problem.documents());
      this.results = AttentionBuffers.allocate(arena, shape, device.compute(), device.sum());
    } catch (OutOfMemoryError full) {
      arena.close();
      throw full;
    }
    load(results.query(), Input.QUERY);
    load(own().keys(), Input.KEY);
    load(own().values(), Input.VALUE);
    load(results.dOut(), Input.OUTPUT_GRADIENT);
    poison();
  }

  /**
   * Ring attention over all ranks of the group, whose heads are exchanged by messages. Collective.
   *
   * @param rounded the type whose precision the inputs have
   */
  public static AttentionRunner ring(
      AttentionProblem problem, Communicator ring, Device device, DType rounded, PhaseTimer timer) {
    return ring(problem, ring, new HostCollectives(ring, timer.timeline()), device, rounded, timer);
  }

  /**
   * Ring attention over all ranks of the group. Collective.
   *
   * @param collectives of the same ranks, for the exchange of heads
   * @param rounded the type whose precision the inputs have
   */
  public static AttentionRunner ring(
      AttentionProblem problem,
      Communicator ring,
      Collectives collectives,
      Device device,
      DType rounded,
      PhaseTimer timer) {
    return new AttentionRunner(
        Kind.RING, problem, HeadInputs.all(problem, rounded), ring, collectives, device, timer);
  }

  /** The device's own attention in one call, on this rank alone. */
  public static AttentionRunner oneCall(AttentionProblem problem, Device device, PhaseTimer timer) {
    return new AttentionRunner(
        Kind.ONE_CALL,
        problem,
        HeadInputs.all(problem, device.compute()),
        LocalCommunicator.single(),
        null,
        device,
        timer);
  }

  /**
   * One query head of a problem, with the key/value head it reads, in one call on this rank alone.
   *
   * @param head counted over the batch
   */
  static AttentionRunner oneHead(
      AttentionProblem problem, int head, Device device, PhaseTimer timer) {
    return new AttentionRunner(
        Kind.ONE_CALL,
        problem.oneHead(),
        HeadInputs.one(problem, head, device.compute()),
        LocalCommunicator.single(),
        null,
        device,
        timer);
  }

  /** Vanilla attention on one rank. */
  public static AttentionRunner vanilla(
      AttentionProblem problem,
      Communicator single,
      Device device,
      DType rounded,
      PhaseTimer timer) {
    return new AttentionRunner(
        Kind.VANILLA, problem, HeadInputs.all(problem, rounded), single, null, device, timer);
  }

  private KeyValue own() {
    return attention.attention().own();
  }

  private Attention vanilla(AttentionShape shape, PhaseTimer timer) {
    return new VanillaAttention(
        device,
        problem.mask(),
        VanillaAttention.Buffers.allocate(arena, shape, 1, true, device.compute(), device.sum()),
        timer);
  }

  private void load(Tensor to, Input input) {
    ShardPieces.of(problem, layout, ring.rank())
        .forEach(
            (from, end, positions) ->
                device.write(to.slice(from, end), inputs.rows(input, positions)));
  }

  /** Makes a position's query, key, value and output gradient NaN, on the rank that holds it. */
  void makeNaN(int position) {
    overwrite(
        position,
        input -> {
          double[] row = new double[problem.rowSize(input)];
          Arrays.fill(row, Double.NaN);
          return row;
        });
  }

  /** Undoes {@link #makeNaN}. */
  void restore(int position) {
    overwrite(position, input -> inputs.rows(input, position));
  }

  private void overwrite(int position, Function<Input, double[]> row) {
    int index = Gathered.index(layout, ring.rank(), position);
    if (index >= 0) {
      device.write(results.query().slice(index, index + 1), row.apply(Input.QUERY));
      device.write(own().keys().slice(index, index + 1), row.apply(Input.KEY));
      device.write(own().values().slice(index, index + 1), row.apply(Input.VALUE));
      device.write(results.dOut().slice(index, index + 1), row.apply(Input.OUTPUT_GRADIENT));
    }
  }

  /** Makes all results NaN: what the next pass does not write shows. */
  public void poison() {
    List<Tensor> outputs = new ArrayList<>(List.of(results.out(), results.logSumExp()));
    if (attention.logSumExp() != null) {
      outputs.add(attention.logSumExp());
    }
    if (gradient != null) {
      outputs.add(gradient.query());
      outputs.addAll(gradient.own().pieces());
    }
    outputs.forEach(output -> device.kernels().fill(output, Double.NaN));
  }

  /** Enqueues the outputs of this rank's queries. Collective over the ring. */
  public void forward() {
    attention.forward(results);
  }

  /** Enqueues all gradients, after {@link #forward}. Collective over the ring. */
  public void backward() {
    gradient = attention.backward(results);
  }

  /** The computation of {@link #forward} without its messages: results are of no use. */
  public void forwardUnconnected() {
    unconnected.forward(results);
  }

  /** The computation of {@link #backward} without its messages: results are of no use. */
  public void backwardUnconnected() {
    gradient = unconnected.backward(results);
  }

  /**
   * Everything in the order of positions, heads counted over the batch, on rank 0; null on the
   * others. For sequences whose results fit the host. Collective.
   */
  public AttentionResult gather() {
    attention.gatherLogSumExp(results);
    return computed().gather();
  }

  /** A sample of the results on rank 0; null on the others. Collective. */
  AttentionResult gather(SampledPlaces sample) {
    attention.gatherLogSumExp(results);
    return computed().gather(sample);
  }

  /** Returns the truth at a sample of positions. Collective. */
  AttentionTruth truth(SampledPlaces sample) {
    return computed().truth(sample);
  }

  /**
   * Sampled elements of all outputs and gradients that are wrong, on rank 0; 0 on the others.
   * Collective.
   */
  public long wrong() {
    SampledPlaces sample = SampledPlaces.of(problem, ring.size());
    AttentionResult result = gather(sample);
    AttentionTruth truth = truth(sample);
    return ring.rank() == 0 ? result.wrong(truth, problem.heads().size(), Rounding.of(device)) : 0;
  }

  /** A tensor of the results, on the device; a log-sum-exp where no heads are exchanged. */
  Tensor tensor(Quantity quantity) {
    return computed().tensor(quantity);
  }

  private ShardResults computed() {
    return new ShardResults(problem, inputs, ring, device, layout, results, gradient);
  }

  /** The number of this rank in the ring. */
  int rank() {
    return ring.rank();
  }

  /** Ranks of the ring. */
  int ranks() {
    return ring.size();
  }

  @Override
  public void close() {
    if (around != ring) {
      around.close();
    }
    arena.close();
  }
}
