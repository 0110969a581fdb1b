package ringattention.device.cpu;

import ringattention.device.HeadCounts;
import ringattention.device.Tensor;

/**
 * Extents of one attention call, taken from q [queries, batch, heads, headSize] and k, v [keys,
 * batch, keyValueHeads, headSize].
 */
record AttentionRows(int queries, int keys, int batch, HeadCounts heads) {
  AttentionRows {
    Math.toIntExact(batch * heads.queryWidth()); // strides of matrix products are int
  }

  static AttentionRows of(Tensor q, Tensor k, Tensor v) {
    if (q.rank() != 4 || k.rank() != 4) {
      throw new IllegalArgumentException(
          "attention of q " + q + " over k " + k + ": not four dimensions each");
    }
    AttentionRows shape =
        new AttentionRows(
            Math.toIntExact(q.dim(0)),
            Math.toIntExact(k.dim(0)),
            Math.toIntExact(q.dim(1)),
            new HeadCounts(
                Math.toIntExact(q.dim(2)), Math.toIntExact(k.dim(2)), Math.toIntExact(q.dim(3))));
    shape.requireQueries("q", q);
    shape.requireKeys("k", k);
    shape.requireKeys("v", v);
    return shape;
  }

  void requireQueries(String name, Tensor tensor) {
    Require.floats(name, tensor, queries, batch, heads.query(), heads.size());
  }

  void requireKeys(String name, Tensor tensor) {
    Require.floats(name, tensor, keys, batch, heads.keyValue(), heads.size());
  }

  void requireLogSumExp(String name, Tensor tensor) {
    Require.floats(name, tensor, queries, batch, heads.query());
  }

  void requireScores(String name, Tensor tensor) {
    Require.floats(name, tensor, batch, heads.query(), queries, keys);
  }

  /** Distance of positions in q and everything of its shape, in elements. */
  int queryStride() {
    return (int) (batch * heads.queryWidth());
  }

  /** Distance of positions in k and v, in elements. */
  int keyStride() {
    return (int) (batch * heads.keyValueWidth());
  }

  /** Elements from one position's row of a head to the end of a later one's. */
  long span(int rows, int stride) {
    return (rows - 1L) * stride + heads.size();
  }

  /**
   * Address of a position's row of a head in q or a tensor of its shape; {@code lane} is batch
   * index * heads + head.
   */
  long query(Tensor tensor, int lane, int position) {
    return tensor.address()
        + ((long) position * queryStride() + (long) lane * heads.size()) * Float.BYTES;
  }

  /**
   * Address of a position's row in k or a tensor of its shape, for the key/value head that this
   * query lane reads.
   */
  long key(Tensor tensor, int lane, int position) {
    int sequence = lane / heads.query();
    int keyLane = sequence * heads.keyValue() + lane % heads.query() / heads.group();
    return tensor.address()
        + ((long) position * keyStride() + (long) keyLane * heads.size()) * Float.BYTES;
  }

  /** Index of a position's log-sum-exp. */
  long logSumExp(int lane, int position) {
    return (long) position * batch * heads.query() + lane;
  }

  /** Whether the scores are worth more than one thread. */
  boolean large() {
    return (double) queries * keys * batch * heads.query() * heads.size() > 1e6;
  }
}
