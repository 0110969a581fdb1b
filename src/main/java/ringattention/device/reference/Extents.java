package ringattention.device.reference;

import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/** Extents of one block pair, and where its vectors begin. */
record Extents(int queries, int keys, int batch, HeadCounts heads) {
  static Extents of(Tensor q, Tensor k) {
    return new Extents((int) q.dim(0), (int) k.dim(0), (int) q.dim(1), HeadCounts.of(q, k));
  }

  double scale() {
    return 1 / Math.sqrt(heads.size());
  }

  int visible(int query, Mask mask) {
    return mask == Mask.CAUSAL ? Math.min(query + 1, keys) : keys;
  }

  /**
   * Index of [i, b, h] in a log-sum-exp; times headSize, of a query's or an output's first element.
   */
  int row(int i, int b, int h) {
    return (i * batch + b) * heads.query() + h;
  }

  int query(int i, int b, int h) {
    return row(i, b, h) * heads.size();
  }

  /** Index of the first element of the key, or value, that query head h reads. */
  int key(int j, int b, int h) {
    return ((j * batch + b) * heads.keyValue() + h / heads.group()) * heads.size();
  }

  /** Index of [b, h, i, 0] in a score matrix. */
  int scores(int i, int b, int h) {
    return ((b * heads.query() + h) * queries + i) * keys;
  }
}
