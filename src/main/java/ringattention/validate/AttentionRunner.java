package ringattention.validate;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import ringattention.attention.Attention;
import ringattention.attention.AttentionShape;
import ringattention.attention.RingAttention;
import ringattention.attention.RingBuffers;
import ringattention.attention.VanillaAttention;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.comm.RingExchange;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.SequenceLayout;
import ringattention.validate.AttentionProblem.Input;

/**
 * One rank's part in solving an {@link AttentionProblem} on a device: allocate, load, run, bring
 * results to rank 0. Inputs and results pass through the host in pieces, so that the host needs
 * little memory however long the sequence is.
 */
public final class AttentionRunner implements AutoCloseable {
  private static final int PIECE = 1 << 20; // elements on the host at a time

  /** What computes. */
  private enum Kind {
    RING,
    ONE_CALL,
    VANILLA
  }

  private final AttentionProblem problem; // as it is solved here
  private final AttentionProblem inputs; // whose heads these are
  private final int[] queryHeads; // of the inputs
  private final int[] keyHeads;
  private final Communicator ring;
  private final Device device;
  private final DType rounded;
  private final SequenceLayout layout;
  private final Arena arena;
  private final Attention attention;
  private final Attention unconnected; // in the same buffers
  private final AttentionBuffers results; // and what goes in
  private Attention.Gradient gradient; // null before the first backward

  private AttentionRunner(
      Kind kind,
      AttentionProblem problem,
      Communicator ring,
      Device device,
      DType rounded,
      PhaseTimer timer) {
    this(
        kind,
        problem,
        problem,
        IntStream.range(0, problem.batch() * problem.heads().query()).toArray(),
        IntStream.range(0, problem.batch() * problem.heads().keyValue()).toArray(),
        ring,
        device,
        rounded,
        timer);
  }

  private AttentionRunner(
      Kind kind,
      AttentionProblem problem,
      AttentionProblem inputs,
      int[] queryHeads,
      int[] keyHeads,
      Communicator ring,
      Device device,
      DType rounded,
      PhaseTimer timer) {
    this.problem = problem;
    this.inputs = inputs;
    this.queryHeads = queryHeads;
    this.keyHeads = keyHeads;
    this.ring = ring;
    this.device = device;
    this.rounded = rounded;
    this.layout = problem.layout(ring.size());
    this.arena = new Arena(device);
    try {
      AttentionShape shape = AttentionBuffers.shape(problem, layout, ring.rank());
      if (kind == Kind.RING) {
        RingBuffers buffers = buffers(shape, true);
        this.attention = ring(ring, buffers, timer);
        this.unconnected = ring(new Unconnected(ring.rank(), ring.size()), buffers, timer);
      } else {
        this.attention =
            kind == Kind.VANILLA
                ? vanilla(shape, timer)
                : new OneCall(device, problem.mask(), buffers(shape, false));
        this.unconnected = attention;
      }
      this.attention.documents(problem.documents());
      this.unconnected.documents(problem.documents());
      this.results = AttentionBuffers.allocate(arena, shape, device.compute(), device.sum());
    } catch (OutOfMemoryError full) {
      arena.close();
      throw full;
    }
    load(results.query(), Input.QUERY);
    load(attention.own().keys(), Input.KEY);
    load(attention.own().values(), Input.VALUE);
    load(results.dOut(), Input.OUTPUT_GRADIENT);
    poison();
  }

  /**
   * Ring attention over all ranks of the group. Collective.
   *
   * @param rounded the type whose precision the inputs have
   */
  public static AttentionRunner ring(
      AttentionProblem problem, Communicator ring, Device device, DType rounded, PhaseTimer timer) {
    return new AttentionRunner(Kind.RING, problem, ring, device, rounded, timer);
  }

  /** The device's own attention in one call, on this rank alone. */
  public static AttentionRunner oneCall(AttentionProblem problem, Device device, PhaseTimer timer) {
    return new AttentionRunner(
        Kind.ONE_CALL, problem, LocalCommunicator.single(), device, device.compute(), timer);
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
        problem,
        new int[] {head},
        new int[] {head / problem.heads().group()},
        LocalCommunicator.single(),
        device,
        device.compute(),
        timer);
  }

  /** Vanilla attention on one rank. */
  public static AttentionRunner vanilla(
      AttentionProblem problem,
      Communicator single,
      Device device,
      DType rounded,
      PhaseTimer timer) {
    return new AttentionRunner(Kind.VANILLA, problem, single, device, rounded, timer);
  }

  private RingBuffers buffers(AttentionShape shape, boolean slots) {
    return RingBuffers.allocate(arena, shape, device.compute(), device.sum(), slots);
  }

  private Attention ring(Communicator ranks, RingBuffers buffers, PhaseTimer timer) {
    return new RingAttention(
        device,
        layout,
        problem.mask(),
        ranks.rank(),
        new RingExchange(ranks),
        new RingExchange(ranks),
        buffers,
        timer);
  }

  private Attention vanilla(AttentionShape shape, PhaseTimer timer) {
    return new VanillaAttention(
        device,
        problem.mask(),
        VanillaAttention.Buffers.allocate(arena, shape, 1, true, device.compute(), device.sum()),
        timer);
  }

  private void load(Tensor to, Input input) {
    int tokens = layout.size(ring.rank());
    int piece = piece();
    for (int from = 0; from < tokens; from = next(from, piece, tokens)) {
      int end = next(from, piece, tokens);
      device.write(to.slice(from, end), rows(input, positions(from, end)));
    }
  }

  private double[] rows(Input input, int... positions) {
    boolean keyValue = input == Input.KEY || input == Input.VALUE;
    return inputs.rows(input, positions, keyValue ? keyHeads : queryHeads, rounded);
  }

  /** Where the next piece begins, or these end. */
  private static int next(int from, int piece, int end) {
    return (int) Math.min(end, (long) from + piece);
  }

  /** The positions of a range of this rank's tokens. */
  private int[] positions(int from, int to) {
    return IntStream.range(from, to).map(index -> layout.position(ring.rank(), index)).toArray();
  }

  /** Positions on the host at a time. */
  private int piece() {
    return Math.max(1, PIECE / problem.rowSize(Input.QUERY));
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
    overwrite(position, input -> rows(input, position));
  }

  private void overwrite(int position, Function<Input, double[]> row) {
    int index = Gathered.index(layout, ring.rank(), position);
    if (index >= 0) {
      device.write(results.query().slice(index, index + 1), row.apply(Input.QUERY));
      device.write(attention.own().keys().slice(index, index + 1), row.apply(Input.KEY));
      device.write(attention.own().values().slice(index, index + 1), row.apply(Input.VALUE));
      device.write(results.dOut().slice(index, index + 1), row.apply(Input.OUTPUT_GRADIENT));
    }
  }

  /** Makes all results NaN: what the next pass does not write shows. */
  public void poison() {
    for (Tensor output : List.of(results.out(), results.logSumExp())) {
      device.kernels().fill(output, Double.NaN);
    }
    if (gradient != null) {
      device.kernels().fill(gradient.query(), Double.NaN);
      gradient.own().pieces().forEach(piece -> device.kernels().fill(piece, Double.NaN));
    }
  }

  /** Enqueues the outputs of this rank's queries. Collective over the ring. */
  public void forward() {
    attention.forward(results.query(), results.out(), results.logSumExp());
  }

  /** Enqueues all gradients, after {@link #forward}. Collective over the ring. */
  public void backward() {
    gradient =
        attention.backward(results.query(), results.out(), results.logSumExp(), results.dOut());
  }

  /** The computation of {@link #forward} without its messages: results are of no use. */
  public void forwardUnconnected() {
    unconnected.forward(results.query(), results.out(), results.logSumExp());
  }

  /** The computation of {@link #backward} without its messages: results are of no use. */
  public void backwardUnconnected() {
    gradient =
        unconnected.backward(results.query(), results.out(), results.logSumExp(), results.dOut());
  }

  /**
   * Everything in the order of positions, heads counted over the batch, on rank 0; null on the
   * others. For sequences whose results fit the host. Collective.
   */
  public AttentionResult gather() {
    double[] wholeOut = gather(results.out());
    double[] wholeLogSumExp = gather(results.logSumExp());
    double[] wholeQuery = gather(gradient.query());
    double[] wholeKey = gather(gradient.own().keys());
    double[] wholeValue = gather(gradient.own().values());
    if (ring.rank() != 0) {
      return null;
    }
    int[] all = IntStream.range(0, problem.length()).toArray();
    double[] rowSums =
        AttentionTruth.rowSums(wholeOut, rows(Input.OUTPUT_GRADIENT, all), problem.heads().size());
    return new AttentionResult(wholeOut, wholeLogSumExp, rowSums, wholeQuery, wholeKey, wholeValue);
  }

  private double[] gather(Tensor tensor) {
    return Gathered.rows(ring, layout, device.read(tensor));
  }

  /** A sample of the results on rank 0; null on the others. Collective. */
  AttentionResult gather(Sample sample) {
    int[] heads = sample.heads();
    int[] keys = sample.keyValueHeads();
    double[] someOut = gather(results.out(), sample.positions(), heads);
    double[] someLogSumExp = gather(results.logSumExp(), sample.positions(), heads);
    double[] someQuery = gather(gradient.query(), sample.positions(), heads);
    double[] someKey = gather(gradient.own().keys(), sample.positions(), keys);
    double[] someValue = gather(gradient.own().values(), sample.positions(), keys);
    if (ring.rank() != 0) {
      return null;
    }
    double[] rowSums =
        AttentionTruth.rowSums(
            someOut, gradients(sample.positions(), heads), problem.heads().size());
    return new AttentionResult(someOut, someLogSumExp, rowSums, someQuery, someKey, someValue);
  }

  private double[] gather(Tensor tensor, int[] positions, int[] heads) {
    int headsInRow = problem.batch() * Math.toIntExact(tensor.dim(2));
    int size = tensor.rank() == 4 ? problem.heads().size() : 1;
    return Gathered.sample(
        ring,
        layout,
        positions,
        index ->
            Gathered.columns(device.read(tensor.slice(index, index + 1)), heads, headsInRow, size));
  }

  /** Gradients of the output of some heads, [positions, heads, headSize]. */
  private double[] gradients(int[] positions, int... heads) {
    int[] some = IntStream.of(heads).map(head -> queryHeads[head]).toArray();
    return inputs.rows(Input.OUTPUT_GRADIENT, positions, some, rounded);
  }

  /**
   * Sampled elements of all outputs and gradients that are wrong, on rank 0; 0 on the others.
   * Collective.
   */
  public long wrong() {
    Sample sample = Sample.of(problem, ring.size());
    AttentionResult result = gather(sample);
    AttentionTruth truth = truth(sample);
    return ring.rank() == 0 ? result.wrong(truth, problem.heads().size(), Precision.of(device)) : 0;
  }

  /**
   * Returns the truth at a sample of positions, to which every rank adds what its own keys and
   * queries are to them. Log-sum-exp and row sums of queries are those of the result. Collective.
   */
  AttentionTruth truth(Sample sample) {
    ShardTruth truth = new ShardTruth(problem, sample, rounded);
    int tokens = layout.size(ring.rank());
    int piece = Math.min(piece(), AttentionTruth.piece(problem, sample));
    for (int from = 0; from < tokens; from = next(from, piece, tokens)) {
      truth.keys(positions(from, next(from, piece, tokens)));
    }
    truth.queriesDone(ring);
    int[] heads = sample.heads();
    int headsInRow = problem.batch() * problem.heads().query();
    for (int from = 0; from < tokens; from = next(from, piece, tokens)) {
      int end = next(from, piece, tokens);
      int[] some = positions(from, end);
      double[] outputs = device.read(results.out().slice(from, end));
      outputs = Gathered.columns(outputs, heads, headsInRow, problem.heads().size());
      double[] logSums = device.read(results.logSumExp().slice(from, end));
      truth.queries(
          some,
          Gathered.columns(logSums, heads, headsInRow, 1),
          AttentionTruth.rowSums(outputs, gradients(some, heads), problem.heads().size()));
    }
    return truth.done(ring);
  }

  /** A tensor of the results, on the device. */
  Tensor tensor(Quantity quantity) {
    return switch (quantity) {
      case OUT -> results.out();
      case LOG_SUM_EXP -> results.logSumExp();
      case QUERY_GRADIENT -> gradient.query();
      case KEY_GRADIENT -> gradient.own().keys();
      case VALUE_GRADIENT -> gradient.own().values();
      case ROW_SUM -> throw new IllegalArgumentException("row sums are made on the host");
    };
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
    arena.close();
  }
}
