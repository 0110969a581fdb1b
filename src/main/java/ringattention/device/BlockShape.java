package ringattention.device;

/**
 * Extents of one attention call over q [queries, batch, heads, headSize] and k, v [keys, batch,
 * keyValueHeads, headSize].
 */
public record BlockShape(int queries, int keys, int batch, HeadCounts heads) {
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
        HeadCounts.of(q, k));
  }

  /** Elements of q, and of everything of its shape. */
  public long queryElements() {
    return heads.queryWidth() * queries * batch;
  }

  /** Elements of k, and of everything of its shape. */
  public long keyElements() {
    return heads.keyValueWidth() * keys * batch;
  }
}
