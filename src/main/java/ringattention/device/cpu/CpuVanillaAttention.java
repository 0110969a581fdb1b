package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/** Attention with the whole score matrix in memory: what the paper compares with. */
final class CpuVanillaAttention {
  /** Queries of one piece of work. */
  private static final int ROWS = 128;

  private final Workers workers;

  CpuVanillaAttention(Workers workers) {
    this.workers = workers;
  }

  void forward(
      AttentionRows shape,
      Tensor q,
      Tensor k,
      Tensor v,
      Mask mask,
      Tensor probabilities,
      Tensor out,
      Tensor logSumExp) {
    eachRows(
        shape,
        (worker, lane, query, rows) -> {
          long scores = scores(shape, probabilities, lane, query);
          Product product = worker.product();
          product.left(shape.query(q, lane, query), shape.queryStride(), false);
          product.right(shape.key(k, lane, 0), shape.keyStride(), true);
          product.into(
              scores,
              shape.keys(),
              rows,
              shape.keys(),
              shape.heads().size(),
              shape.heads().scale(),
              0);
          softmax(worker, shape, mask, scores, lane, query, rows, logSumExp);
          if (shape.keys() == 0) {
            clear(worker, shape, out, lane, query, rows);
            return;
          }
          product
              .left(scores, shape.keys(), false)
              .right(shape.key(v, lane, 0), shape.keyStride(), false);
          product.into(
              shape.query(out, lane, query),
              shape.queryStride(),
              rows,
              shape.heads().size(),
              shape.keys(),
              1,
              0);
        });
  }

  void backward(
      AttentionRows shape,
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor probabilities,
      Tensor dOut,
      Tensor dScores,
      Tensor dq,
      Tensor dk,
      Tensor dv) {
    if (shape.keys() == 0) {
      return;
    }
    eachRows(
        shape,
        (worker, lane, query, rows) -> {
          long gradient = scores(shape, dScores, lane, query);
          Product product = worker.product();
          product.left(shape.query(dOut, lane, query), shape.queryStride(), false);
          product.right(shape.key(v, lane, 0), shape.keyStride(), true);
          product.into(gradient, shape.keys(), rows, shape.keys(), shape.heads().size(), 1, 0);
          softmaxBackward(worker, shape, scores(shape, probabilities, lane, query), gradient, rows);
          product
              .left(gradient, shape.keys(), false)
              .right(shape.key(k, lane, 0), shape.keyStride(), false);
          product.into(
              shape.query(dq, lane, query),
              shape.queryStride(),
              rows,
              shape.heads().size(),
              shape.keys(),
              shape.heads().scale(),
              1);
        });
    workers.run(
        shape.large(),
        (worker, part, parts) -> {
          int first = (int) Workers.start(shape.keys(), part, parts, 16);
          int keys = (int) Workers.start(shape.keys(), part + 1, parts, 16) - first;
          for (int lane = 0; lane < shape.batch() * shape.heads().query() && keys > 0; lane++) {
            long column = (long) first * Float.BYTES;
            Product product = worker.product();
            product.left(scores(shape, probabilities, lane, 0) + column, shape.keys(), true);
            product.right(shape.query(dOut, lane, 0), shape.queryStride(), false);
            product.into(
                shape.key(dv, lane, first),
                shape.keyStride(),
                keys,
                shape.heads().size(),
                shape.queries(),
                1,
                1);
            product.left(scores(shape, dScores, lane, 0) + column, shape.keys(), true);
            product.right(shape.query(q, lane, 0), shape.queryStride(), false);
            product.into(
                shape.key(dk, lane, first),
                shape.keyStride(),
                keys,
                shape.heads().size(),
                shape.queries(),
                shape.heads().scale(),
                1);
          }
        });
  }

  private interface RowsTask {
    void run(Worker worker, int lane, int query, int rows);
  }

  private void eachRows(AttentionRows shape, RowsTask task) {
    int lanes = shape.batch() * shape.heads().query();
    int blocks = (shape.queries() + ROWS - 1) / ROWS;
    workers.run(
        shape.large(),
        (worker, part, parts) -> {
          for (int pair = part; pair < blocks * lanes; pair += parts) {
            int query = pair / lanes * ROWS;
            task.run(worker, pair % lanes, query, Math.min(ROWS, shape.queries() - query));
          }
        });
  }

  private static void softmax(
      Worker worker,
      AttentionRows shape,
      Mask mask,
      long scores,
      int lane,
      int query,
      int rows,
      Tensor logSumExp) {
    int keys = shape.keys();
    float[] row = worker.row(0, keys);
    Floats window = worker.window(0, scores, (long) rows * keys);
    Floats logSums = worker.window(1, logSumExp);
    for (int i = 0; i < rows; i++) {
      int seen = mask == Mask.CAUSAL ? Math.min(keys, query + i + 1) : keys;
      window.get((long) i * keys, row, 0, seen);
      VectorMath.pad(row, seen, Float.NEGATIVE_INFINITY);
      float max = VectorMath.max(row, seen);
      double sum = VectorMath.exponentials(row, seen, max);
      VectorMath.scale(row, seen, (float) (1 / sum));
      Arrays.fill(row, seen, keys, 0);
      window.put((long) i * keys, row, 0, keys);
      logSums.put(shape.logSumExp(lane, query + i), (float) (max + StrictMath.log(sum)));
    }
  }

  private static void softmaxBackward(
      Worker worker, AttentionRows shape, long scores, long gradients, int rows) {
    int keys = shape.keys();
    float[] probability = worker.row(0, keys);
    float[] gradient = worker.row(1, keys);
    Floats probabilities = worker.window(0, scores, (long) rows * keys);
    Floats window = worker.window(1, gradients, (long) rows * keys);
    VectorMath.pad(probability, keys, 0);
    VectorMath.pad(gradient, keys, 0);
    for (int i = 0; i < rows; i++) {
      probabilities.get((long) i * keys, probability, 0, keys);
      window.get((long) i * keys, gradient, 0, keys);
      float dot = (float) VectorMath.dot(probability, gradient, keys);
      for (int c = 0; c < keys; c += WIDTH) {
        load(probability, c).mul(load(gradient, c).sub(dot)).intoArray(gradient, c);
      }
      window.put((long) i * keys, gradient, 0, keys);
    }
  }

  private static void clear(
      Worker worker, AttentionRows shape, Tensor out, int lane, int query, int rows) {
    float[] zeros = worker.row(0, shape.heads().size());
    Arrays.fill(zeros, 0);
    Floats window =
        worker.window(0, shape.query(out, lane, query), shape.span(rows, shape.queryStride()));
    for (int i = 0; i < rows; i++) {
      window.put((long) i * shape.queryStride(), zeros, 0, shape.heads().size());
    }
  }

  private static long scores(AttentionRows shape, Tensor tensor, int lane, int query) {
    return tensor.address() + ((long) lane * shape.queries() + query) * shape.keys() * Float.BYTES;
  }
}
