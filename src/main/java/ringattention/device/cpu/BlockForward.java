package ringattention.device.cpu;

import java.util.Arrays;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/**
 * Forward of block attention by online softmax (Milakov and Gimelshein 2018; Dao et al. 2022): for
 * each block of queries one tile of scores at a time, {@code sum} and {@code out} relative to a
 * reference score of each query.
 */
final class BlockForward {
  private final AttentionRows shape;
  private final Tensor q;
  private final Tensor k;
  private final Tensor v;
  private final boolean causal;
  private final Tensor out;
  private final Tensor logSumExp;

  BlockForward(
      AttentionRows shape, Tensor q, Tensor k, Tensor v, Mask mask, Tensor out, Tensor logSumExp) {
    this.shape = shape;
    this.q = q;
    this.k = k;
    this.v = v;
    this.causal = mask == Mask.CAUSAL;
    this.out = out;
    this.logSumExp = logSumExp;
  }

  void run(Workers workers) {
    int lanes = shape.batch() * shape.heads().query();
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
    ScoreTile tile = worker.scoreTile();
    Arrays.fill(tile.references, Float.NEGATIVE_INFINITY);
    Arrays.fill(tile.sums, 0);
    int seen = causal ? Math.min(shape.keys(), query + rows) : shape.keys();
    for (int key = 0; key < seen; key += ScoreTile.KEYS) {
      int keys = Math.min(ScoreTile.KEYS, seen - key);
      int column = ScoreTile.firstColumn(causal, query, key);
      int columns = rows - column;
      worker
          .product()
          .left(shape.key(k, lane, key), shape.keyStride(), false)
          .right(shape.query(q, lane, query + column), shape.queryStride(), true)
          .into(
              worker.tile(0),
              ScoreTile.STRIDE,
              keys,
              columns,
              shape.heads().size(),
              shape.heads().scale(),
              0);
      Floats scores = worker.window(0, worker.tile(0), (long) keys * ScoreTile.STRIDE);
      tile.shape(keys, column, columns);
      scores.get(0, tile.scores, 0, keys * ScoreTile.STRIDE);
      if (causal) {
        tile.mask(query + column, key);
      }
      boolean moved = tile.softmax();
      scores.put(0, tile.scores, 0, keys * ScoreTile.STRIDE);
      if (moved && key > 0) {
        scaleOut(worker, lane, query + column, columns, tile.factors, column);
      }
      worker
          .product()
          .left(worker.tile(0), ScoreTile.STRIDE, true)
          .right(shape.key(v, lane, key), shape.keyStride(), false)
          .into(
              shape.query(out, lane, query + column),
              shape.queryStride(),
              columns,
              shape.heads().size(),
              keys,
              1,
              key == 0 ? 0 : 1);
    }
    normalize(worker, lane, query, rows, seen);
  }

  private void scaleOut(Worker worker, int lane, int query, int rows, float[] factor, int column) {
    float[] row = worker.row(4, shape.heads().size());
    Floats to =
        worker.window(1, shape.query(out, lane, query), shape.span(rows, shape.queryStride()));
    for (int i = 0; i < rows; i++) {
      if (factor[column + i] != 1) {
        long at = (long) i * shape.queryStride();
        to.get(at, row, 0, shape.heads().size());
        VectorMath.scale(row, shape.heads().size(), factor[column + i]);
        to.put(at, row, 0, shape.heads().size());
      }
    }
  }

  private void normalize(Worker worker, int lane, int query, int rows, int seen) {
    ScoreTile tile = worker.scoreTile();
    Floats logSums = worker.window(2, logSumExp);
    for (int i = 0; i < rows; i++) {
      tile.factors[i] = 1 / tile.sums[i];
      double logSum =
          seen == 0 ? Double.NEGATIVE_INFINITY : tile.references[i] + StrictMath.log(tile.sums[i]);
      logSums.put(shape.logSumExp(lane, query + i), (float) logSum);
    }
    if (seen > 0) {
      scaleOut(worker, lane, query, rows, tile.factors, 0);
      return;
    }
    float[] row = worker.row(4, shape.heads().size());
    Arrays.fill(row, 0);
    Floats to =
        worker.window(1, shape.query(out, lane, query), shape.span(rows, shape.queryStride()));
    for (int i = 0; i < rows; i++) {
      to.put((long) i * shape.queryStride(), row, 0, shape.heads().size());
    }
  }
}
