package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.all;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import java.util.function.LongFunction;
import ringattention.device.DecodeAttention;
import ringattention.device.DecodeShape;
import ringattention.device.DeviceTraits;
import ringattention.device.Memory;
import ringattention.device.Tensor;

/**
 * Attention over a cache on the CPU: checks shapes once, has parts of the cache attended to, and
 * merges them. A row's bits depend neither on the rows beside it nor on the number of threads.
 */
final class CpuDecode implements DecodeAttention, AutoCloseable {
  private final DeviceTraits device;
  private final Workers workers;
  private final LongFunction<Memory> allocate;
  private Memory scratch; // null before the first use

  /**
   * @param allocate from the device, so that the scratch is counted
   */
  CpuDecode(DeviceTraits device, Workers workers, LongFunction<Memory> allocate) {
    this.device = device;
    this.workers = workers;
    this.allocate = allocate;
  }

  /** Allocates this much scratch, unless there is as much. */
  void reserve(long bytes) {
    if (scratch == null || scratch.bytes() < bytes) {
      close();
      scratch = allocate.apply(bytes);
    }
  }

  @Override
  public void attend(Tensor q, Tensor keys, Tensor values, Tensor segments, Tensor partial) {
    DecodeShape shape = DecodeShape.of(device, q, keys, values, segments, partial);
    long bytes = CacheParts.bytes(shape.rows(), shape.heads(), shape.headSize());
    reserve(bytes);
    CacheParts parts =
        new CacheParts(
            shape,
            shape.segments(CpuKernels.integers(segments)),
            q,
            keys,
            values,
            scratch.address());
    parts.run(workers);
    mergeParts(shape, parts, partial);
  }

  private void mergeParts(DecodeShape shape, CacheParts from, Tensor partial) {
    int size = shape.headSize();
    long lanes = (long) shape.rows() * shape.heads();
    workers.run(
        lanes * CacheParts.PARTS * size > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          Floats outs = worker.window(1, partial);
          long end = Workers.start(lanes, part + 1, parts, 1);
          for (long lane = Workers.start(lanes, part, parts, 1); lane < end; lane++) {
            float[] total = worker.row(1, size + 1);
            double logSum = from.merge(worker, lane, total);
            total[size] = (float) logSum;
            outs.put(lane * (size + 1), total, 0, size + 1);
          }
        });
  }

  @Override
  public void merge(Tensor parts, Tensor out) {
    DecodeShape.requireMerge(device, parts, out);
    int size = Require.columns(out);
    int ranks = Math.toIntExact(parts.dim(0));
    long lanes = Require.rows(out);
    workers.run(
        parts.elements() > CpuKernels.SPLIT,
        (worker, part, count) -> {
          Floats outs = worker.window(1, out);
          Floats from = worker.window(0, parts);
          long end = Workers.start(lanes, part + 1, count, 1);
          for (long lane = Workers.start(lanes, part, count, 1); lane < end; lane++) {
            outs.put(lane * size, merged(worker, from, lane, lanes, ranks, size), 0, size);
          }
        });
  }

  /** Returns the output over all ranks, whose log-sum-exp stand behind theirs. */
  private static float[] merged(
      Worker worker, Floats from, long lane, long lanes, int ranks, int size) {
    float[] total = worker.row(1, size);
    float[] one = worker.row(0, size);
    Arrays.fill(total, 0);
    double largest = Double.NEGATIVE_INFINITY;
    for (int rank = 0; rank < ranks; rank++) {
      largest = Math.max(largest, from.get((rank * lanes + lane) * (size + 1) + size));
    }
    double sum = 0;
    for (int rank = 0; rank < ranks; rank++) {
      long at = (rank * lanes + lane) * (size + 1);
      float logSum = from.get(at + size);
      if (logSum != Float.NEGATIVE_INFINITY) {
        double weight = StrictMath.exp(logSum - largest);
        from.get(at, one, 0, size);
        add(total, one, size, (float) weight);
        sum += weight;
      }
    }
    if (sum != 0) {
      VectorMath.scale(total, size, (float) (1 / sum));
    }
    return total;
  }

  /** total += weight one, padding included. */
  static void add(float[] total, float[] one, int n, float weight) {
    for (int i = 0; i < n; i += WIDTH) {
      load(one, i).fma(all(weight), load(total, i)).intoArray(total, i);
    }
  }

  @Override
  public void store(Tensor from, Tensor slots, Tensor to) {
    DecodeShape.requireStore(device, from, slots, to);
    int[] places = CpuKernels.integers(slots);
    int size = Math.toIntExact(from.dim(1) * from.dim(2));
    workers.run(
        from.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] row = worker.row(0, size);
          Floats source = worker.window(0, from);
          Floats target = worker.window(1, to);
          int end = (int) Workers.start(places.length, part + 1, parts, 1);
          for (int i = (int) Workers.start(places.length, part, parts, 1); i < end; i++) {
            if (places[i] >= 0) {
              source.get((long) i * size, row, 0, size);
              target.put((long) places[i] * size, row, 0, size);
            }
          }
        });
  }

  @Override
  public void close() {
    if (scratch != null) {
      scratch.close();
      scratch = null;
    }
  }
}
