package ringattention.validate;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

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
import ringattention.device.Dim;
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
  private static final int PIECE = 1 << 22; // elements on the host at a time

  /** What computes. */
  private enum Kind {
    RING,
    ONE_CALL,
    VANILLA
  }

  private final AttentionProblem problem;
  private final Communicator ring;
  private final Device device;
  private final DType rounded;
  private final SequenceLayout layout;
  private final Arena arena;
  private final Attention attention;
  private final Attention unconnected; // in the same buffers
  private final Tensor query;
  private final Tensor dOut;
  private final Tensor out;
  private final Tensor logSumExp;
  private Attention.Gradient gradient; // null before the first backward

  private AttentionRunner(
      Kind kind,
      AttentionProblem problem,
      Communicator ring,
      Device device,
      DType rounded,
      PhaseTimer timer) {
    this.problem = problem;
    this.ring = ring;
    this.device = device;
    this.rounded = rounded;
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
    this.query = allocate("query", device.compute(), tokens, problem.headSize());
    this.dOut = allocate("out.gradient", device.compute(), tokens, problem.headSize());
    this.out = allocate("out", device.compute(), tokens, problem.headSize());
    Tensor perHead = allocate("log_sum_exp", device.sum(), tokens, 1);
    this.logSumExp = perHead.view(tokens, problem.batch(), problem.heads());
    load(query, Input.QUERY);
    load(attention.own().keys(), Input.KEY);
    load(attention.own().values(), Input.VALUE);
    load(dOut, Input.OUTPUT_GRADIENT);
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
        VanillaAttention.Buffers.allocate(arena, shape, 1, device.compute(), device.sum()),
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

  private void load(Tensor to, Input input) {
    int[] positions = layout.positions(ring.rank());
    int piece = piece();
    for (int from = 0; from < positions.length; from += piece) {
      int end = Math.min(positions.length, from + piece);
      int[] some = Arrays.copyOfRange(positions, from, end);
      device.write(to.slice(from, end), problem.rows(input, some, rounded));
    }
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
    overwrite(position, input -> problem.rows(input, new int[] {position}, rounded));
  }

  private void overwrite(int position, Function<Input, double[]> row) {
    int index = Arrays.binarySearch(layout.positions(ring.rank()), position);
    if (index >= 0) {
      device.write(query.slice(index, index + 1), row.apply(Input.QUERY));
      device.write(attention.own().keys().slice(index, index + 1), row.apply(Input.KEY));
      device.write(attention.own().values().slice(index, index + 1), row.apply(Input.VALUE));
      device.write(dOut.slice(index, index + 1), row.apply(Input.OUTPUT_GRADIENT));
    }
  }

  /** Makes all results NaN: what the next pass does not write shows. */
  public void poison() {
    for (Tensor output : List.of(out, logSumExp)) {
      device.kernels().fill(output, Double.NaN);
    }
    if (gradient != null) {
      device.kernels().fill(gradient.query(), Double.NaN);
      device.kernels().fill(gradient.own().storage(), Double.NaN);
    }
  }

  /** Enqueues the outputs of this rank's queries. Collective over the ring. */
  public void forward() {
    attention.forward(query, out, logSumExp);
  }

  /** Enqueues all gradients, after {@link #forward}. Collective over the ring. */
  public void backward() {
    gradient = attention.backward(query, out, logSumExp, dOut);
  }

  /** The computation of {@link #forward} without its messages: results are of no use. */
  public void forwardUnconnected() {
    unconnected.forward(query, out, logSumExp);
  }

  /** The computation of {@link #backward} without its messages: results are of no use. */
  public void backwardUnconnected() {
    gradient = unconnected.backward(query, out, logSumExp, dOut);
  }

  /**
   * Everything in the order of positions, heads counted over the batch, on rank 0; null on the
   * others. For sequences whose results fit the host. Collective.
   */
  public AttentionResult gather() {
    double[] wholeOut = gather(out);
    double[] wholeLogSumExp = gather(logSumExp);
    double[] wholeQuery = gather(gradient.query());
    double[] wholeKey = gather(gradient.own().keys());
    double[] wholeValue = gather(gradient.own().values());
    return ring.rank() == 0
        ? new AttentionResult(wholeOut, wholeLogSumExp, wholeQuery, wholeKey, wholeValue)
        : null;
  }

  private double[] gather(Tensor tensor) {
    return Gathered.rows(ring, layout, device.read(tensor));
  }

  /** A sample of the results on rank 0; null on the others. Collective. */
  AttentionResult gather(Sample sample) {
    int[] heads = sample.heads();
    double[] someOut = gather(out, sample.positions(), heads);
    double[] someLogSumExp = gather(logSumExp, sample.positions(), heads);
    double[] someQuery = gather(gradient.query(), sample.positions(), heads);
    double[] someKey = gather(gradient.own().keys(), sample.positions(), sample.keyValueHeads());
    double[] someValue =
        gather(gradient.own().values(), sample.positions(), sample.keyValueHeads());
    return ring.rank() == 0
        ? new AttentionResult(someOut, someLogSumExp, someQuery, someKey, someValue)
        : null;
  }

  private double[] gather(Tensor tensor, int[] positions, int[] heads) {
    int headsInRow = problem.batch() * Math.toIntExact(tensor.dim(2));
    int size = tensor.rank() == 4 ? problem.headSize() : 1;
    return Gathered.sample(
        ring,
        layout,
        positions,
        index -> columns(device.read(tensor.slice(index, index + 1)), heads, headsInRow, size));
  }

  /**
   * Sampled elements of all outputs and gradients that are wrong, on rank 0; 0 on the others.
   * Collective.
   */
  public long wrong() {
    Sample sample = Sample.of(problem);
    AttentionResult result = gather(sample);
    QueryTotals totals = totals(sample);
    if (ring.rank() != 0) {
      return 0;
    }
    AttentionTruth truth = AttentionTruth.at(problem, sample, totals, rounded);
    return result.wrong(truth, problem.headSize(), Precision.of(device));
  }

  /**
   * What the results say of every query of the sampled heads, on rank 0; null on the others.
   * Collective.
   */
  QueryTotals totals(Sample sample) {
    int[] heads = sample.heads();
    int headsInRow = problem.batch() * problem.heads();
    int[] positions = layout.positions(ring.rank());
    double[] logSums = new double[positions.length * heads.length];
    double[] delta = new double[positions.length * heads.length];
    int piece = piece();
    for (int from = 0; from < positions.length; from += piece) {
      int end = Math.min(positions.length, from + piece);
      int[] some = Arrays.copyOfRange(positions, from, end);
      double[] gradients = problem.rows(Input.OUTPUT_GRADIENT, some, heads, rounded);
      double[] outputs = device.read(out.slice(from, end));
      outputs = columns(outputs, heads, headsInRow, problem.headSize());
      double[] read = device.read(logSumExp.slice(from, end));
      copy(rowSums(outputs, gradients), delta, from * heads.length);
      copy(columns(read, heads, headsInRow, 1), logSums, from * heads.length);
    }
    double[] allLogSums = Gathered.rows(ring, layout, logSums);
    double[] allDelta = Gathered.rows(ring, layout, delta);
    return ring.rank() == 0 ? new QueryTotals(allLogSums, allDelta) : null;
  }

  /** Sums of a * b over each head, [.., headSize] to [..]. */
  private double[] rowSums(double[] a, double[] b) {
    int size = problem.headSize();
    double[] sums = new double[a.length / size];
    IntStream.range(0, sums.length)
        .parallel()
        .forEach(
            head -> {
              double sum = 0;
              for (int i = head * size; i < (head + 1) * size; i++) {
                sum += a[i] * b[i];
              }
              sums[head] = sum;
            });
    return sums;
  }

  private static void copy(double[] from, double[] to, int at) {
    System.arraycopy(from, 0, to, at, from.length);
  }

  /** Some heads of [.., heads in row, size]. */
  private static double[] columns(double[] rows, int[] heads, int headsInRow, int size) {
    int count = rows.length / (headsInRow * size);
    double[] some = new double[count * heads.length * size];
    for (int row = 0; row < count; row++) {
      for (int i = 0; i < heads.length; i++) {
        int from = (row * headsInRow + heads[i]) * size;
        System.arraycopy(rows, from, some, (row * heads.length + i) * size, size);
      }
    }
    return some;
  }

  @Override
  public void close() {
    arena.close();
  }
}
