package ringattention.bench.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ringattention.bench.RandomRows;
import ringattention.device.Allocator.Purpose;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.validate.DecodeTruth;

/**
 * Attention of some new tokens, all of which see the whole of one device's cache. First and last
 * row and head are compared with float64.
 *
 * @param tokens in the cache
 * @param rows new tokens
 * @param library whether a vendor's library computes it, and is compared with our kernel too
 */
public record DecodeKernel(
    int tokens, int rows, int heads, int keyValueHeads, int headSize, boolean library)
    implements KernelCase {
  @Override
  public String kernel() {
    return library ? "library" : "decode";
  }

  @Override
  public String shape() {
    return tokens + "x" + heads + "/" + keyValueHeads + "x" + headSize;
  }

  @Override
  public double flops() {
    return 4.0 * rows * tokens * heads * headSize;
  }

  /** Keys and values once, queries, and what becomes of them. */
  @Override
  public double bytes(Device device) {
    double cache = 2.0 * tokens * keyValueHeads * headSize * device.compute().bytes();
    double lanes = (double) rows * heads;
    return cache
        + lanes * headSize * device.compute().bytes()
        + lanes * (headSize + 1) * device.sum().bytes();
  }

  @Override
  public Trial open(Device device, int sets) {
    return new DecodeTrial(device, sets);
  }

  /** The caches on a device; queries and results are small, and the same for all. */
  private final class DecodeTrial implements Trial {
    private final Device device;
    private final Arena arena;
    private final RandomRows queryNumbers;
    private final RandomRows keyNumbers;
    private final RandomRows valueNumbers;
    private final List<Tensor> keys = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();
    private final Tensor q;
    private final Tensor segments;
    private final Tensor partial;
    private final Tensor out; // the library's
    private final Tensor logSumExp;

    DecodeTrial(Device device, int sets) {
      this.device = device;
      arena = new Arena(device);
      DType compute = device.compute();
      int width = keyValueHeads * headSize;
      queryNumbers = new RandomRows("decode q", heads * headSize, compute);
      keyNumbers = new RandomRows("decode keys", width, compute);
      valueNumbers = new RandomRows("decode values", width, compute);
      q = allocate("q", compute, rows, heads, headSize);
      segments = allocate("segments", DType.I32, 1, DecodeAttention.SEGMENT);
      partial = allocate("partial", device.sum(), rows, heads, headSize + 1);
      out = allocate("out", compute, rows, heads, headSize);
      logSumExp = allocate("lse", device.sum(), rows, 1, heads);
      for (int set = 0; set < sets; set++) {
        keys.add(allocate("keys." + set, compute, tokens, keyValueHeads, headSize));
        values.add(allocate("values." + set, compute, tokens, keyValueHeads, headSize));
      }
      device.reserveDecode(rows, new HeadCounts(heads, keyValueHeads, headSize));
      queryNumbers.load(device, q);
      keyNumbers.load(device, keys.get(0));
      valueNumbers.load(device, values.get(0));
      for (int set = 1; set < sets; set++) {
        device.kernels().copy(keys.get(0), keys.get(set));
        device.kernels().copy(values.get(0), values.get(set));
      }
      device.write(segments, 0, rows, 0, tokens);
    }

    private Tensor allocate(String name, DType dtype, long... shape) {
      Dim[] dims =
          Arrays.stream(shape).mapToObj(extent -> new Dim("extent", extent)).toArray(Dim[]::new);
      return arena.allocate(name, Purpose.ACTIVATIONS, dtype, dims);
    }

    @Override
    public void pass(int set) {
      DecodeAttention decode = device.decode();
      if (library) {
        decode.library(q, keys.get(set), values.get(set), out, logSumExp);
      } else {
        decode.attend(q, keys.get(set), values.get(set), segments, partial);
      }
    }

    @Override
    public long wrong() {
      for (Tensor result : new Tensor[] {partial, out, logSumExp}) {
        device.kernels().fill(result, Double.NaN);
      }
      pass(0);
      double[] found =
          library
              ? LibraryResults.partial(device.read(out), device.read(logSumExp))
              : device.read(partial);
      int[] slots = IntStream.range(0, tokens).toArray();
      Map<Integer, DecodeTruth> truths =
          IntStream.of(0, heads - 1, (rows - 1) * heads, rows * heads - 1)
              .distinct()
              .parallel()
              .boxed()
              .collect(Collectors.toMap(lane -> lane, lane -> truth(lane, slots)));
      long wrong = 0;
      for (Map.Entry<Integer, DecodeTruth> truth : truths.entrySet()) {
        int at = truth.getKey() * (headSize + 1);
        double[] lane = Arrays.copyOfRange(found, at, at + headSize + 1);
        wrong += truth.getValue().wrong(lane, device);
      }
      return library ? wrong + apart(found, truths.values()) : wrong;
    }

    /** Counts elements of all rows and heads in which library and kernel are too far apart. */
    private long apart(double[] found, Collection<DecodeTruth> truths) {
      device.decode().attend(q, keys.get(0), values.get(0), segments, partial);
      double allowed = truths.stream().mapToDouble(t -> t.allowed(device)).max().orElseThrow();
      return LibraryResults.apart(found, device.read(partial), 2 * allowed, headSize);
    }

    private DecodeTruth truth(int lane, int[] slots) {
      int head = lane % heads;
      int keyHead = head / (heads / keyValueHeads);
      return DecodeTruth.of(
          row(queryNumbers, lane / heads, head),
          slots,
          slot -> row(keyNumbers, slot, keyHead),
          slot -> row(valueNumbers, slot, keyHead),
          device);
    }

    private double[] row(RandomRows numbers, int row, int head) {
      double[] values = new double[headSize];
      Arrays.setAll(values, d -> numbers.at(row, head * headSize + d));
      return values;
    }

    @Override
    public void close() {
      arena.close();
    }
  }
}
