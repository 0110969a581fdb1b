package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.all;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import ringattention.device.DecodeShape;
import ringattention.device.DecodeShape.Segment;
import ringattention.device.Tensor;

/**
 * Attention of all rows over fixed parts of a cache. Part i of a row is the i-th share of each of
 * its segments, one segment after the other by online softmax, so that a row's numbers are its own.
 */
final class CacheParts {
  /** Shares of a segment: fixed, so that the number of threads changes no bits. */
  static final int PARTS = 16;

  private static final int TILE = 64; // slots at a time, whole vectors
  private static final int STATISTICS = 2; // behind an output: its largest score, its sum

  private final DecodeShape shape;
  private final List<Segment> segments;
  private final Tensor q;
  private final Tensor keys;
  private final Tensor values;
  private final long parts; // address of [PARTS, rows, heads, headSize + STATISTICS]
  private final int padded; // headSize in whole vectors

  CacheParts(
      DecodeShape shape, List<Segment> segments, Tensor q, Tensor keys, Tensor values, long parts) {
    this.shape = shape;
    this.segments = segments;
    this.q = q;
    this.keys = keys;
    this.values = values;
    this.parts = parts;
    this.padded = VectorMath.padded(shape.headSize());
  }

  /** Bytes of all parts' outputs and statistics. */
  static long bytes(int rows, int heads, int headSize) {
    return (long) PARTS * rows * heads * (headSize + STATISTICS) * Float.BYTES;
  }

  void run(Workers workers) {
    double work =
        segments.stream().mapToDouble(segment -> segment.slotTo() - segment.slotFrom()).sum();
    int heads = shape.keyValueHeads();
    workers.run(
        work * shape.heads() * shape.headSize() > CpuKernels.SPLIT,
        (worker, thread, threads) -> {
          for (int item = thread; item < PARTS * heads; item += threads) {
            part(worker, item / heads, item % heads);
          }
        });
  }

  /** Attention of all queries of a key/value head over a part of the cache. */
  private void part(Worker worker, int part, int keyValueHead) {
    int queries = shape.rows() * shape.group();
    float[] outs = worker.row(0, queries * padded);
    float[] largest = worker.row(1, queries);
    float[] sums = worker.row(2, queries);
    Arrays.fill(outs, 0, queries * padded, 0);
    Arrays.fill(largest, 0, queries, Float.NEGATIVE_INFINITY);
    Arrays.fill(sums, 0, queries, 0);
    float[] query = worker.row(3, queries * padded);
    readQueries(worker, keyValueHead, query);
    for (Segment segment : segments) {
      long slots = segment.slotTo() - segment.slotFrom();
      int end = segment.slotFrom() + (int) Workers.start(slots, part + 1, PARTS, TILE);
      int slot = segment.slotFrom() + (int) Workers.start(slots, part, PARTS, TILE);
      for (; slot < end; slot += TILE) {
        tile(worker, segment, keyValueHead, slot, Math.min(TILE, end - slot));
      }
    }
    write(worker, part, keyValueHead);
  }

  private void readQueries(Worker worker, int keyValueHead, float[] query) {
    Floats from = worker.window(2, q);
    for (int i = 0; i < shape.rows() * shape.group(); i++) {
      Arrays.fill(query, i * padded, (i + 1) * padded, 0);
      from.get(lane(i, keyValueHead) * shape.headSize(), query, i * padded, shape.headSize());
    }
  }

  /** Row and head of a query, as an index of [rows, heads]; a row's queries are neighbours. */
  private long lane(int query, int keyValueHead) {
    return (long) query / shape.group() * shape.heads()
        + (long) keyValueHead * shape.group()
        + query % shape.group();
  }

  private void tile(Worker worker, Segment segment, int keyValueHead, int slot, int count) {
    float[] keyTile = worker.row(4, TILE * padded);
    float[] valueTile = worker.row(5, TILE * padded);
    read(worker.window(3, keys), keyValueHead, slot, count, keyTile);
    read(worker.window(4, values), keyValueHead, slot, count, valueTile);
    float[] outs = worker.row(0, 0);
    float[] largest = worker.row(1, 0);
    float[] sums = worker.row(2, 0);
    float[] query = worker.row(3, 0);
    float[] scores = worker.row(6, TILE);
    int end = segment.rowTo() * shape.group();
    for (int i = segment.rowFrom() * shape.group(); i < end; i++) {
      scores(worker.row(7, WIDTH), query, i * padded, keyTile, count, scores);
      float before = largest[i];
      float now = Math.max(before, VectorMath.max(scores, count));
      double sum = VectorMath.exponentials(scores, count, now);
      if (before != now) {
        float factor = (float) StrictMath.exp(before - now);
        sums[i] *= factor;
        scaleOut(outs, i * padded, factor);
        largest[i] = now;
      }
      sums[i] += (float) sum;
      addValues(outs, i * padded, scores, valueTile, count);
    }
  }

  /** Reads slots of one head, each in whole vectors that end in 0. */
  private void read(Floats from, int keyValueHead, int slot, int count, float[] to) {
    int size = shape.headSize();
    for (int i = 0; i < count; i++) {
      long row = (long) (slot + i) * shape.keyValueHeads() + keyValueHead;
      from.get(row * size, to, i * padded, size);
      Arrays.fill(to, i * padded + size, (i + 1) * padded, 0);
    }
  }

  /** Scaled products of a query and keys; minus infinity behind them. */
  private void scores(
      float[] lanes, float[] query, int at, float[] keyTile, int count, float[] scores) {
    float scale = (float) (1 / Math.sqrt(shape.headSize()));
    for (int i = 0; i < count; i++) {
      dot(query, at, keyTile, i * padded, padded).intoArray(lanes, 0);
      float sum = 0;
      for (int lane = 0; lane < WIDTH; lane++) {
        sum += lanes[lane];
      }
      scores[i] = sum * scale;
    }
    VectorMath.pad(scores, count, Float.NEGATIVE_INFINITY);
  }

  private static FloatVector dot(float[] a, int atA, float[] b, int atB, int n) {
    FloatVector sum = all(0);
    for (int i = 0; i < n; i += WIDTH) {
      sum = load(a, atA + i).fma(load(b, atB + i), sum);
    }
    return sum;
  }

  private void scaleOut(float[] outs, int at, float factor) {
    for (int i = at; i < at + padded; i += WIDTH) {
      load(outs, i).mul(factor).intoArray(outs, i);
    }
  }

  /** Adds probabilities times values. */
  private void addValues(float[] outs, int at, float[] probabilities, float[] values, int count) {
    for (int d = 0; d < padded; d += WIDTH) {
      FloatVector even = load(outs, at + d);
      FloatVector odd = all(0); // two sums, because one would wait for each addition
      int i = 0;
      for (; i + 1 < count; i += 2) {
        even = load(values, i * padded + d).fma(all(probabilities[i]), even);
        odd = load(values, (i + 1) * padded + d).fma(all(probabilities[i + 1]), odd);
      }
      if (i < count) {
        even = load(values, i * padded + d).fma(all(probabilities[i]), even);
      }
      even.add(odd).intoArray(outs, at + d);
    }
  }

  private void write(Worker worker, int part, int keyValueHead) {
    int size = shape.headSize();
    Floats to = window(worker);
    for (int i = 0; i < shape.rows() * shape.group(); i++) {
      long at = start(part, lane(i, keyValueHead));
      to.put(at, worker.row(0, 0), i * padded, size);
      to.put(at + size, worker.row(1, 0)[i]);
      to.put(at + size + 1, worker.row(2, 0)[i]);
    }
  }

  private Floats window(Worker worker) {
    return worker.window(
        0, parts, bytes(shape.rows(), shape.heads(), shape.headSize()) / Float.BYTES);
  }

  private long start(int part, long lane) {
    long lanes = (long) shape.rows() * shape.heads();
    return (part * lanes + lane) * (shape.headSize() + STATISTICS);
  }

  /**
   * Merges the parts of one row and head.
   *
   * @param lane row * heads + head
   * @param total overwritten by the output, 0 if nothing was seen
   * @return the log-sum-exp
   */
  double merge(Worker worker, long lane, float[] total) {
    int size = shape.headSize();
    float[] one = worker.row(0, size);
    Floats from = window(worker);
    Arrays.fill(total, 0);
    double largest = Double.NEGATIVE_INFINITY;
    for (int part = 0; part < PARTS; part++) {
      largest = Math.max(largest, from.get(start(part, lane) + size));
    }
    double sum = 0;
    for (int part = 0; part < PARTS; part++) {
      long at = start(part, lane);
      float partSum = from.get(at + size + 1);
      if (partSum != 0) { // NaN, too
        double weight = StrictMath.exp(from.get(at + size) - largest);
        from.get(at, one, 0, size);
        CpuDecode.add(total, one, size, (float) weight);
        sum += weight * partSum;
      }
    }
    if (sum != 0) {
      VectorMath.scale(total, size, (float) (1 / sum));
    }
    return sum == 0 ? Double.NEGATIVE_INFINITY : largest + StrictMath.log(sum);
  }
}
