package ringattention.device;

/**
 * Extents of one attention call over q [queries, batch, heads, headSize] and k, v [keys, batch,
 * keyValueHeads, headSize].
 */
public record BlockShape(
    int queries, int keys, int batch, int heads, int keyValueHeads, int headSize) {
  public BlockShape {
    if (headSize < 1 || keyValueHeads < 1 || heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          heads + " heads of " + headSize + " do not share " + keyValueHeads + " key/value heads");
    }
  }

  /**
   * @throws IllegalArgumentException if these are no queries and keys of one attention
   */
  public static BlockShape of(Tensor q, Tensor k) {
    if (q.rank() != 4 || k.rank() != 4 || q.dim(1) != k.dim(1) || q.dim(3) != k.dim(3)) {
      throw new IllegalArgumentException(
          "attention of q " + q + " over k " + k + ": not [tokens, batch, heads, headSize] each");
    }
    return new BlockShape(
        Math.toIntExact(q.dim(0)),
        Math.toIntExact(k.dim(0)),
        Math.toIntExact(q.dim(1)),
        Math.toIntExact(q.dim(2)),
        Math.toIntExact(k.dim(2)),
        Math.toIntExact(q.dim(3)));
  }

  /** Query heads that read the same keys and values. */
  public int group() {
    return heads / keyValueHeads;
  }

  public float scale() {
    return (float) (1 / Math.sqrt(headSize));
  }

  /** Elements of q, and of everything of its shape. */
  public long queryElements() {
    return (long) queries * batch * heads * headSize;
  }

  /** Elements of k, and of everything of its shape. */
  public long keyElements() {
    return (long) keys * batch * keyValueHeads * headSize;
  }
}
