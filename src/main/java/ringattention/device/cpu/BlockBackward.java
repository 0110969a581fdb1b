package ringattention.device.cpu;

import java.util.List;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/**
 * Backward of block attention (Dao et al. 2022, algorithm 4): probabilities come back from the
 * scores and the final log-sum-exp, {@code dS = P (dP - D)} with {@code D = rowsum(dOut out)}; the
 * products add straight to dq, dk and dv.
 *
 * <p>Two threads never add to the same row. Key/value heads are independent; where they do not
 * divide by the threads, the keys of each are dealt to several threads, and in each of as many
 * rounds every one of them takes other queries.
 */
final class BlockBackward {
  private final AttentionRows shape;
  private final Tensor q;
  private final Tensor k;
  private final Tensor v;
  private final boolean causal;
  private final Tensor out;
  private final Tensor logSumExp;
  private final Tensor dOut;
  private final Tensor dq;
  private final Tensor dk;
  private final Tensor dv;
  private final Heads heads;
  private final boolean addQuery;
  private final boolean addKeyValue;

  BlockBackward(
      AttentionRows shape,
      Tensor q,
      Tensor k,
      Tensor v,
      Mask mask,
      Tensor out,
      Tensor logSumExp,
      Tensor dOut,
      Heads heads,
      Gradients into) {
    this.shape = shape;
    this.q = q;
    this.k = k;
    this.v = v;
    this.causal = mask == Mask.CAUSAL;
    this.out = out;
    this.logSumExp = logSumExp;
    this.dOut = dOut;
    this.dq = into.dq();
    this.dk = into.dk();
    this.dv = into.dv();
    this.heads = heads;
    this.addQuery = into.addQuery();
    this.addKeyValue = into.addKeyValue();
  }

  void run(Workers workers) {
    workers.run(false, (worker, part, parts) -> clear(worker));
    int count = heads.to() - heads.from();
    int groups = shape.batch() * count;
    int deals = shape.large() ? deals(groups, workers.count()) : 1;
    for (int round = 0; round < deals; round++) {
      int shift = round;
      workers.run(
          shape.large(),
          (worker, part, parts) -> {
            for (int task = part; task < groups * deals; task += parts) {
              int deal = task / groups;
              int group = task % groups;
              int lane = group / count * shape.heads().keyValue() + heads.from() + group % count;
              for (int member = 0; member < shape.heads().group(); member++) {
                // query lanes of one key/value head are neighbours
                head(
                    worker,
                    lane * shape.heads().group() + member,
                    deal,
                    (deal + shift) % deals,
                    deals);
              }
            }
          });
    }
  }

  /** Zeros what is to be overwritten, of the heads to do. */
  private void clear(Worker worker) {
    if (!addQuery) {
      int group = shape.heads().group();
      clear(
          worker,
          dq,
          shape.queries(),
          shape.heads().query(),
          group * heads.from(),
          group * heads.to());
    }
    if (!addKeyValue) {
      for (Tensor gradient : List.of(dk, dv)) {
        int all = shape.heads().keyValue();
        clear(worker, gradient, shape.keys(), all, heads.from(), heads.to());
      }
    }
  }

  private void clear(Worker worker, Tensor gradient, int tokens, int all, int from, int to) {
    int length = (to - from) * shape.heads().size();
    float[] zeros = new float[length];
    Floats elements = worker.window(0, gradient);
    for (long row = 0; row < (long) tokens * shape.batch(); row++) {
      elements.put((row * all + from) * shape.heads().size(), zeros, 0, length);
    }
  }

  /**
   * Into how many hands the blocks of one key/value head are dealt, so that all threads get equal
   * work.
   */
  private int deals(int groups, int threads) {
    int common = groups;
    for (int rest = threads; rest != 0; ) {
      int next = common % rest;
      common = rest;
      rest = next;
    }
    int blocks = (shape.keys() + ScoreTile.KEYS - 1) / ScoreTile.KEYS;
    return Math.max(1, Math.min(threads / Math.max(1, common), blocks));
  }

  /**
   * One query head: every {@code deals}th block of keys against every {@code deals}th block of
   * queries.
   */
  private void head(Worker worker, int lane, int keyDeal, int queryDeal, int deals) {
    for (int query = queryDeal * ScoreTile.QUERIES;
        query < shape.queries();
        query += deals * ScoreTile.QUERIES) {
      int rows = Math.min(ScoreTile.QUERIES, shape.queries() - query);
      int seen = causal ? Math.min(shape.keys(), query + rows) : shape.keys();
      if (keyDeal * ScoreTile.KEYS < seen) {
        rowTerms(worker, lane, query, rows);
      }
      for (int key = keyDeal * ScoreTile.KEYS; key < seen; key += deals * ScoreTile.KEYS) {
        tile(worker, lane, query, rows, key, Math.min(ScoreTile.KEYS, seen - key));
      }
    }
  }

  /** Log-sum-exp and D of a block of queries into the tile. */
  private void rowTerms(Worker worker, int lane, int query, int rows) {
    int headSize = shape.heads().size();
    ScoreTile tile = worker.scoreTile();
    float[] outRow = worker.row(4, headSize);
    float[] dOutRow = worker.row(5, headSize);
    VectorMath.pad(outRow, headSize, 0);
    VectorMath.pad(dOutRow, headSize, 0);
    Floats outs =
        worker.window(1, shape.query(out, lane, query), shape.span(rows, shape.queryStride()));
    Floats dOuts =
        worker.window(2, shape.query(dOut, lane, query), shape.span(rows, shape.queryStride()));
    Floats from = worker.window(3, logSumExp);
    for (int i = 0; i < rows; i++) {
      outs.get((long) i * shape.queryStride(), outRow, 0, headSize);
      dOuts.get((long) i * shape.queryStride(), dOutRow, 0, headSize);
      tile.sums[i] = (float) VectorMath.dot(outRow, dOutRow, headSize);
      float logSum = from.get(shape.logSumExp(lane, query + i));
      // a query that saw nothing has probabilities 0, not exp(score + infinity)
      tile.references[i] = logSum == Float.NEGATIVE_INFINITY ? Float.POSITIVE_INFINITY : logSum;
    }
  }

  private void tile(Worker worker, int lane, int query, int rows, int key, int keys) {
    int column = ScoreTile.firstColumn(causal, query, key);
    int columns = rows - column;
    int headSize = shape.heads().size();
    long scores = worker.tile(0);
    long dScores = worker.tile(1);
    long queryRow = shape.query(q, lane, query + column);
    long dOutRow = shape.query(dOut, lane, query + column);
    long keyRow = shape.key(k, lane, key);
    Product product = worker.product();
    product.left(keyRow, shape.keyStride(), false).right(queryRow, shape.queryStride(), true);
    product.into(scores, ScoreTile.STRIDE, keys, columns, headSize, shape.heads().scale(), 0);
    product
        .left(shape.key(v, lane, key), shape.keyStride(), false)
        .right(dOutRow, shape.queryStride(), true);
    product.into(dScores, ScoreTile.STRIDE, keys, columns, headSize, 1, 0);
    gradient(worker, query, column, columns, key, keys);
    product.left(scores, ScoreTile.STRIDE, false).right(dOutRow, shape.queryStride(), false);
    product.into(shape.key(dv, lane, key), shape.keyStride(), keys, headSize, columns, 1, 1);
    product.left(dScores, ScoreTile.STRIDE, false).right(queryRow, shape.queryStride(), false);
    product.into(
        shape.key(dk, lane, key),
        shape.keyStride(),
        keys,
        headSize,
        columns,
        shape.heads().scale(),
        1);
    product.left(dScores, ScoreTile.STRIDE, true).right(keyRow, shape.keyStride(), false);
    product.into(
        shape.query(dq, lane, query + column),
        shape.queryStride(),
        columns,
        headSize,
        keys,
        shape.heads().scale(),
        1);
  }

  /**
   * Scores become probabilities in tile 0, gradients of probabilities become gradients of scores in
   * tile 1.
   */
  private void gradient(Worker worker, int query, int column, int columns, int key, int keys) {
    ScoreTile tile = worker.scoreTile();
    int size = keys * ScoreTile.STRIDE;
    Floats nativeScores = worker.window(4, worker.tile(0), size);
    Floats nativeDScores = worker.window(5, worker.tile(1), size);
    nativeScores.get(0, tile.scores, 0, size);
    nativeDScores.get(0, tile.gradients, 0, size);
    tile.shape(keys, column, columns);
    if (causal) {
      tile.mask(query + column, key);
    }
    tile.gradient();
    nativeScores.put(0, tile.scores, 0, size);
    nativeDScores.put(0, tile.gradients, 0, size);
  }
}
