package ringattention.validate;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import ringattention.comm.Communicator;
import ringattention.comm.Communicator.Operation;
import ringattention.device.Allocator.Purpose;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Recorded;
import ringattention.device.Tensor;
import ringattention.random.Seed;
import ringattention.report.Check;

/**
 * Attention over a cache on every rank's device against float64: outputs, what merging makes of
 * several ranks' parts, and the same bits when repeated or recorded. The cache is NaN where no
 * segment is.
 */
public final class DecodeChecks {
  private static final int PARTS = 3; // ranks, of which one sees nothing

  private final Communicator world;
  private final Device device;
  private final long seed;

  public DecodeChecks(Communicator world, Device device, long seed) {
    this.world = world;
    this.device = device;
    this.seed = seed;
  }

  /**
   * Computes and compares. Collective.
   *
   * @return the checks on rank 0, an empty list on the others
   */
  public List<Check> checks(DecodeProblem problem) {
    Thresholds thresholds = new Thresholds(Rounding.of(device));
    double output = thresholds.attentionOutput(problem.headSize());
    List<Check> checks;
    try (Arena arena = new Arena(device)) {
      Case tensors = new Case(problem, arena);
      DecodeTruth[] truth = tensors.truth();
      double[] found = tensors.attend(0, 1);
      checks =
          List.of(
              check(
                  Quantity.OUT.symbol() + ", " + problem,
                  tensors.outputs(found, problem.headSize() + 1, truth),
                  output,
                  Quantity.OUT.formula()),
              check(
                  Quantity.LOG_SUM_EXP.symbol() + ", " + problem,
                  tensors.logSumExps(found, truth),
                  Thresholds.logSumExp(problem.headSize()),
                  Quantity.LOG_SUM_EXP.formula()),
              check(
                  "merged O, " + problem,
                  tensors.outputs(tensors.merged(), problem.headSize(), truth),
                  output,
                  Quantity.OUT.formula()),
              check(
                  "bits, " + problem,
                  tensors.differentBits(found),
                  0,
                  "elements that differ when repeated, or when recorded and run over other lengths"),
              check(
                  "stored, " + problem,
                  tensors.wronglyStored(),
                  0,
                  "elements of the cache that are not what was put there, or was there before"));
    }
    return world.rank() == 0 ? checks : List.of();
  }

  /** A check of the largest value of all ranks, among which a NaN is infinite. Collective. */
  private Check check(String name, double own, double threshold, String formula) {
    double value = Double.isNaN(own) ? Double.POSITIVE_INFINITY : own;
    double largest = world.allReduce(value, Operation.MAX);
    return Check.atMost(name, largest, threshold, formula, Map.of());
  }

  /** A problem's tensors on the device. */
  private final class Case {
    private final DecodeProblem problem;
    private final Arena arena;
    private final Tensor q;
    private final Tensor keys;
    private final Tensor values;
    private final Tensor segments;
    private final Tensor partial;

    Case(DecodeProblem problem, Arena arena) {
      this.problem = problem;
      this.arena = arena;
      int size = problem.headSize();
      int keyHeads = problem.keyValueHeads();
      q = allocate("q", device.compute(), problem.rows(), problem.heads(), size);
      keys = allocate("keys", device.compute(), DecodeProblem.SLOTS, keyHeads, size);
      values = allocate("values", device.compute(), DecodeProblem.SLOTS, keyHeads, size);
      segments =
          allocate("segments", DType.I32, problem.segments().size(), DecodeAttention.SEGMENT);
      partial = allocate("partial", device.sum(), problem.rows(), problem.heads(), size + 1);
      boolean[] seen = new boolean[DecodeProblem.SLOTS];
      for (int row = 0; row < problem.rows(); row++) {
        Arrays.stream(problem.slots(row)).forEach(slot -> seen[slot] = true);
      }
      device.write(q, numbers("q", q));
      device.write(keys, cache("keys", keys, seen));
      device.write(values, cache("values", values, seen));
    }

    private Tensor allocate(String name, DType dtype, long... shape) {
      Dim[] dims =
          Arrays.stream(shape).mapToObj(extent -> new Dim("extent", extent)).toArray(Dim[]::new);
      return arena.allocate(name, Purpose.ACTIVATIONS, dtype, dims);
    }

    private double[] numbers(String name, Tensor like) {
      Seed random = Seed.of(seed, "decode " + name);
      return IntStream.range(0, (int) like.elements()).mapToDouble(random::bell).toArray();
    }

    private double[] cache(String name, Tensor like, boolean[] seen) {
      double[] numbers = numbers(name, like);
      int width = problem.keyValueHeads() * problem.headSize();
      Arrays.setAll(numbers, i -> seen[i / width] ? numbers[i] : Double.NaN);
      return numbers;
    }

    /** Returns the truth of every row and head, of what the device holds. */
    DecodeTruth[] truth() {
      int size = problem.headSize();
      double[] query = device.read(q);
      double[] key = device.read(keys);
      double[] value = device.read(values);
      return IntStream.range(0, problem.rows() * problem.heads())
          .parallel()
          .mapToObj(
              lane -> {
                int head = lane % problem.heads() / problem.group();
                return DecodeTruth.of(
                    Arrays.copyOfRange(query, lane * size, (lane + 1) * size),
                    problem.slots(lane / problem.heads()),
                    slot -> row(key, slot, head),
                    slot -> row(value, slot, head),
                    device);
              })
          .toArray(DecodeTruth[]::new);
    }

    private double[] row(double[] cache, int slot, int head) {
      int at = (slot * problem.keyValueHeads() + head) * problem.headSize();
      return Arrays.copyOfRange(cache, at, at + problem.headSize());
    }

    /** Returns the partial over a share of every segment. */
    double[] attend(double from, double to) {
      device.write(segments, problem.numbers(from, to));
      device.kernels().fill(partial, Double.NaN);
      device.decode().attend(q, keys, values, segments, partial);
      return device.read(partial);
    }

    /** Returns the output merged from the first third, nothing, and the rest. */
    double[] merged() {
      Tensor parts =
          allocate("parts", device.sum(), PARTS, problem.rows(), problem.heads(), width());
      Tensor out =
          allocate("out", device.compute(), problem.rows(), problem.heads(), problem.headSize());
      double[] borders = {0, 1 / 3.0, 1 / 3.0, 1};
      for (int part = 0; part < PARTS; part++) {
        attend(borders[part], borders[part + 1]);
        device.kernels().copy(partial, parts.slice(part, part + 1));
      }
      device.kernels().fill(out, Double.NaN);
      device.decode().merge(parts, out);
      return device.read(out);
    }

    private int width() {
      return problem.headSize() + 1;
    }

    /**
     * Returns the largest residual of outputs.
     *
     * @param found [rows, heads, width]
     */
    double outputs(double[] found, int width, DecodeTruth[] truth) {
      Residual worst = new Residual(0, 1, 1);
      for (int lane = 0; lane < truth.length; lane++) {
        int at = lane * width;
        double[] out = Arrays.copyOfRange(found, at, at + problem.headSize());
        worst = worst.orWorse(truth[lane].output(out, device));
      }
      return worst.value();
    }

    double logSumExps(double[] found, DecodeTruth[] truth) {
      Residual worst = new Residual(0, 1, 1);
      for (int lane = 0; lane < truth.length; lane++) {
        double logSumExp = found[lane * width() + problem.headSize()];
        worst = worst.orWorse(truth[lane].logSumExp(logSumExp, device));
      }
      return worst.value();
    }

    /** Repeats the call, records it, and runs the recording over a shorter cache and this one. */
    long differentBits(double[] whole) {
      long different = different(whole, attend(0, 1));
      double[] part = attend(0, 0.6);
      try (Recorded recorded =
          device.record(() -> device.decode().attend(q, keys, values, segments, partial))) {
        for (int time = 0; time < 3; time++) {
          different += different(part, run(recorded, 0.6));
          different += different(whole, run(recorded, 1));
        }
      }
      return different;
    }

    private double[] run(Recorded recorded, double share) {
      device.write(segments, problem.numbers(0, share));
      device.kernels().fill(partial, Double.NaN);
      recorded.run();
      return device.read(partial);
    }

    private static long different(double[] one, double[] other) {
      return IntStream.range(0, one.length)
          .filter(i -> Double.doubleToLongBits(one[i]) != Double.doubleToLongBits(other[i]))
          .count();
    }

    /** Puts rows into every second slot from behind, and none from every third row. */
    long wronglyStored() {
      int count = DecodeProblem.SLOTS / 2;
      double[] expected = device.read(values);
      double[] rows = device.read(keys);
      int width = problem.keyValueHeads() * problem.headSize();
      int[] slots = new int[count];
      for (int i = 0; i < count; i++) {
        slots[i] = i % 3 == 2 ? -1 : DecodeProblem.SLOTS - 1 - 2 * i;
        if (slots[i] >= 0) {
          System.arraycopy(rows, i * width, expected, slots[i] * width, width);
        }
      }
      Tensor places = allocate("slots", DType.I32, count);
      device.write(places, slots);
      device.decode().store(keys.slice(0, count), places, values);
      return different(expected, device.read(values));
    }
  }
}
