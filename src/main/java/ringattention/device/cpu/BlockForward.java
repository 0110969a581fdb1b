package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.all;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import ringattention.device.Mask;
import ringattention.device.Tensor;

/**
 * Forward of block attention by online softmax (Milakov and Gimelshein 2018; Dao et al. 2022): for each block of queries one tile of
 * scores at a time, {@code sum} and {@code out} relative to a reference score of each query.
 */
final class BlockForward {
  /**
   * The reference follows the maximum only when that has grown by more than this, because each step costs a pass over the output.
   * Probabilities then reach exp(8) before normalization, far from overflow, and lose no precision.
   */
  private static final float SLACK = 8;

  private final AttentionShape shape;
  private final Tensor q;
  private final Tensor k;
  private final Tensor v;
  private final boolean causal;
  private final Tensor out;
  private final Tensor logSumExp;

  BlockForward(AttentionShape shape, Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp) {
    this.shape = shape;
    this.q = q;
    this.k = k;
    this.v = v;
    this.causal = mask == Mask.CAUSAL;
    this.out = out;
    this.logSumExp = logSumExp;
  }

  void run(Workers workers) {
    int lanes = shape.batch() * shape.heads();
    int blocks = (shape.queries() + ScoreTile.QUERIES - 1) / ScoreTile.QUERIES;
    workers.run(
        shape.large(),
        (worker, part, parts) -> {
          for (int pair = part; pair < blocks * lanes; pair += parts) {
            int first = pair / lanes * ScoreTile.QUERIES;
            int rows = Math.min(ScoreTile.QUERIES, shape.queries() - first);
            queries(worker, pair % lanes, first, rows);
          }
        });
  }

  private void queries(Worker worker, int lane, int query, int rows) {
    float[] tile = worker.row(0, ScoreTile.KEYS * ScoreTile.STRIDE);
    float[] reference = worker.row(1, ScoreTile.QUERIES);
    float[] sum = worker.row(2, ScoreTile.QUERIES);
    float[] factor = worker.row(3, ScoreTile.QUERIES);
    Arrays.fill(reference, Float.NEGATIVE_INFINITY);
    Arrays.fill(sum, 0);
    int seen = causal ? Math.min(shape.keys(), query + rows) : shape.keys();
    for (int key = 0; key < seen; key += ScoreTile.KEYS) {
      int keys = Math.min(ScoreTile.KEYS, seen - key);
      int column = ScoreTile.firstColumn(causal, query, key);
      int columns = rows - column;
      worker
          .product()
          .left(shape.key(k, lane, key), shape.keyStride(), false)
          .right(shape.query(q, lane, query + column), shape.queryStride(), true)
          .into(worker.tile(0), ScoreTile.STRIDE, keys, columns, shape.headSize(), shape.scale(), 0);
      Floats scores = worker.window(0, worker.tile(0), (long) keys * ScoreTile.STRIDE);
      scores.get(0, tile, 0, keys * ScoreTile.STRIDE);
      if (causal) {
        ScoreTile.mask(tile, query + column, columns, key, keys);
      }
      boolean moved = softmax(tile, keys, column, columns, reference, sum, factor);
      scores.put(0, tile, 0, keys * ScoreTile.STRIDE);
      if (moved && key > 0) {
        scaleOut(worker, lane, query + column, columns, factor, column);
      }
      worker
          .product()
          .left(worker.tile(0), ScoreTile.STRIDE, true)
          .right(shape.key(v, lane, key), shape.keyStride(), false)
          .into(
              shape.query(out, lane, query + column),
              shape.queryStride(),
              columns,
              shape.headSize(),
              keys,
              1,
              key == 0 ? 0 : 1);
    }
    normalize(worker, lane, query, rows, seen, reference, sum, factor);
  }

  /**
   * Scores to probabilities relative to the reference, which moves where the maximum left it behind.
   *
   * @param factor what the sums so far were multiplied with
   * @return whether any factor is not 1
   */
  private static boolean softmax(
      float[] tile, int keys, int column, int columns, float[] reference, float[] sum, float[] factor) {
    boolean moved = false;
    int end = keys * ScoreTile.STRIDE;
    for (int c = 0; c < columns; c += WIDTH) {
      FloatVector max = columnMax(tile, c, end);
      FloatVector before = load(reference, column + c);
      VectorMask<Float> behind = max.compare(VectorOperators.GT, before.add(SLACK));
      FloatVector now = before.blend(max, behind);
      FloatVector total = load(sum, column + c);
      if (behind.anyTrue()) {
        moved = true;
        FloatVector shrink = all(1f).blend(VectorMath.exp(before.sub(max)), behind);
        shrink.intoArray(factor, column + c);
        now.intoArray(reference, column + c);
        total = total.mul(shrink);
      } else {
        all(1f).intoArray(factor, column + c);
      }
      total.add(columnExponentials(tile, c, end, now)).intoArray(sum, column + c);
    }
    return moved;
  }

  private static FloatVector columnMax(float[] tile, int from, int end) {
    FloatVector even = all(Float.NEGATIVE_INFINITY);
    FloatVector odd = even;
    int i = from;
    for (; i + ScoreTile.STRIDE < end; i += 2 * ScoreTile.STRIDE) {
      even = VectorMath.max(even, load(tile, i));
      odd = VectorMath.max(odd, load(tile, i + ScoreTile.STRIDE));
    }
    return VectorMath.max(VectorMath.max(even, odd), load(tile, end - ScoreTile.STRIDE + from));
  }

  private static FloatVector columnExponentials(float[] tile, int from, int end, FloatVector reference) {
    FloatVector sum = all(0f);
    for (int i = from; i < end; i += ScoreTile.STRIDE) {
      FloatVector exp = VectorMath.exp(load(tile, i).sub(reference));
      exp.intoArray(tile, i);
      sum = sum.add(exp);
    }
    return sum;
  }

  private void scaleOut(Worker worker, int lane, int query, int rows, float[] factor, int column) {
    float[] row = worker.row(4, shape.headSize());
    Floats to = worker.window(1, shape.query(out, lane, query), shape.span(rows, shape.queryStride()));
    for (int i = 0; i < rows; i++) {
      if (factor[column + i] != 1) {
        long at = (long) i * shape.queryStride();
        to.get(at, row, 0, shape.headSize());
        VectorMath.scale(row, shape.headSize(), factor[column + i]);
        to.put(at, row, 0, shape.headSize());
      }
    }
  }

  private void normalize(
      Worker worker, int lane, int query, int rows, int seen, float[] reference, float[] sum, float[] factor) {
    Floats logSums = worker.window(2, logSumExp);
    for (int i = 0; i < rows; i++) {
      factor[i] = 1 / sum[i];
      double logSum = seen == 0 ? Double.NEGATIVE_INFINITY : reference[i] + StrictMath.log(sum[i]);
      logSums.put(shape.logSumExp(lane, query + i), (float) logSum);
    }
    if (seen > 0) {
      scaleOut(worker, lane, query, rows, factor, 0);
      return;
    }
    float[] row = worker.row(4, shape.headSize());
    Arrays.fill(row, 0);
    Floats to = worker.window(1, shape.query(out, lane, query), shape.span(rows, shape.queryStride()));
    for (int i = 0; i < rows; i++) {
      to.put((long) i * shape.queryStride(), row, 0, shape.headSize());
    }
  }
}
