package ringattention.validate;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.List;
import ringattention.attention.Attention;
import ringattention.attention.AttentionShape;
import ringattention.attention.KeyValue;
import ringattention.attention.RingAttention;
import ringattention.attention.RingBuffers;
import ringattention.attention.VanillaAttention;
import ringattention.comm.Communicator;
import ringattention.comm.RingExchange;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.SequenceLayout;

/**
 * One rank's part in solving an {@link AttentionProblem} on a device: allocate, load, run, gather.
 */
public final class AttentionRunner implements AutoCloseable {
  private final AttentionProblem problem;
  private final Communicator ring;
  private final Device device;
  private final SequenceLayout layout;
  private final Arena arena;
  private final Attention attention;
  private final Tensor query;
  private final Tensor dOut;
  private final Tensor out;
  private final Tensor logSumExp;
  private final Tensor dQuery;
  private KeyValue dKeyValue; // null before the first backward

  private AttentionRunner(
      AttentionProblem problem,
      Communicator ring,
      Device device,
      boolean vanilla,
      DType rounded,
      PhaseTimer timer) {
    this.problem = problem;
    this.ring = ring;
    this.device = device;
    this.layout = problem.layout(ring.size());
    this.arena = new Arena(device);
    int tokens = layout.size(ring.rank());
    AttentionShape shape =
        new AttentionShape(
            tokens,
            layout.largestShard(),
            problem.batch(),
            problem.heads(),
            problem.keyValueHeads(),
            problem.headSize());
    this.attention = vanilla ? vanilla(shape, timer) : ring(shape, timer);
    this.query = allocate("query", device.compute(), tokens, problem.headSize());
    this.dOut = allocate("out.gradient", device.compute(), tokens, problem.headSize());
    this.out = allocate("out", device.sum(), tokens, problem.headSize());
    this.dQuery = allocate("query.gradient", device.sum(), tokens, problem.headSize());
    Tensor perHead = allocate("log_sum_exp", device.sum(), tokens, 1);
    this.logSumExp = perHead.view(tokens, problem.batch(), problem.heads());
    load(rounded);
  }

  /**
   * Ring attention over all ranks of the group. Collective.
   *
   * @param rounded the type whose precision the inputs have
   */
  public static AttentionRunner ring(
      AttentionProblem problem, Communicator ring, Device device, DType rounded, PhaseTimer timer) {
    return new AttentionRunner(problem, ring, device, false, rounded, timer);
  }

  /** Vanilla attention on one rank. */
  public static AttentionRunner vanilla(
      AttentionProblem problem,
      Communicator single,
      Device device,
      DType rounded,
      PhaseTimer timer) {
    return new AttentionRunner(problem, single, device, true, rounded, timer);
  }

  private Attention ring(AttentionShape shape, PhaseTimer timer) {
    return new RingAttention(
        device,
        layout,
        problem.mask(),
        ring.rank(),
        new RingExchange(ring),
        new RingExchange(ring),
        RingBuffers.allocate(arena, shape, device.compute(), device.sum(), true),
        timer);
  }

  private Attention vanilla(AttentionShape shape, PhaseTimer timer) {
    return new VanillaAttention(
        device,
        problem.mask(),
        VanillaAttention.Buffers.allocate(arena, shape, device.compute(), device.sum()),
        timer);
  }

  private Tensor allocate(String name, DType type, int tokens, int headSize) {
    return arena.allocate(
        name,
        ACTIVATIONS,
        type,
        new Dim("tokens", tokens),
        new Dim("batch", problem.batch()),
        new Dim("heads", problem.heads()),
        new Dim("head size", headSize));
  }

  private void load(DType rounded) {
    int[] positions = layout.positions(ring.rank());
    device.write(query, problem.rows(AttentionProblem.Input.QUERY, positions, rounded));
    device.write(
        attention.own().keys(), problem.rows(AttentionProblem.Input.KEY, positions, rounded));
    device.write(
        attention.own().values(), problem.rows(AttentionProblem.Input.VALUE, positions, rounded));
    device.write(dOut, problem.rows(AttentionProblem.Input.OUTPUT_GRADIENT, positions, rounded));
    for (Tensor output : List.of(out, logSumExp, dQuery)) {
      device.kernels().fill(output, Double.NaN); // what is not written shows
    }
  }

  /** Collective over the ring; returns when the work is done. */
  public void forward() {
    attention.forward(query, out, logSumExp);
    device.synchronize();
  }

  /** After {@link #forward}. Collective over the ring; returns when the work is done. */
  public void backward() {
    dKeyValue = attention.backward(query, out, logSumExp, dOut, dQuery);
    device.synchronize();
  }

  /** Everything in the order of positions, on rank 0; null on the others. Collective. */
  public AttentionResult gather() {
    double[] wholeOut = gather(out);
    double[] wholeLogSumExp = gather(logSumExp);
    double[] wholeQuery = gather(dQuery);
    double[] wholeKey = gather(dKeyValue.keys());
    double[] wholeValue = gather(dKeyValue.values());
    return ring.rank() == 0
        ? new AttentionResult(wholeOut, wholeLogSumExp, wholeQuery, wholeKey, wholeValue)
        : null;
  }

  private double[] gather(Tensor tensor) {
    return Gathered.rows(ring, layout, device.read(tensor));
  }

  @Override
  public void close() {
    arena.close();
  }
}
