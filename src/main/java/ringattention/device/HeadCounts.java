package ringattention.device;

/**
 * The heads of attention. With fewer key/value heads than query heads, each is read by a group of
 * query heads (grouped-query attention, Ainslie et al. 2023).
 *
 * @param query query heads
 * @param keyValue key and value heads; divides the query heads
 * @param size width of a head
 */
public record HeadCounts(int query, int keyValue, int size) {
  public HeadCounts {
    if (size < 1 || keyValue < 1 || query < 1 || query % keyValue != 0) {
      throw new IllegalArgumentException(
          query + " heads of " + size + " do not share " + keyValue + " key/value heads");
    }
  }

  /** Returns those of q [.., heads, headSize] and k [.., keyValueHeads, headSize]. */
  public static HeadCounts of(Tensor q, Tensor k) {
    return new HeadCounts(
        Math.toIntExact(q.dim(2)), Math.toIntExact(k.dim(2)), Math.toIntExact(q.dim(3)));
  }

  /** Returns how many query heads read the same keys and values. */
  public int group() {
    return query / keyValue;
  }

  /** Returns the factor of the scores, 1 / sqrt(size). */
  public float scale() {
    return (float) (1 / Math.sqrt(size));
  }

  /** Returns the width of all query heads side by side. */
  public long queryWidth() {
    return (long) query * size;
  }

  /** Returns the width of all key heads side by side, which is that of all value heads. */
  public long keyValueWidth() {
    return (long) keyValue * size;
  }

  /** Returns so many key/value heads with the query heads that read them. */
  public HeadCounts some(int keyValueHeads) {
    return new HeadCounts(keyValueHeads * group(), keyValueHeads, size);
  }

  /** Returns one of so many equal parts, each some key/value heads and those that read them. */
  public HeadCounts divided(int parts) {
    return some(keyValue / parts);
  }

  /** Returns as many heads, where every query head has keys and values of its own. */
  public HeadCounts ungrouped() {
    return new HeadCounts(query, query, size);
  }

  /** Returns as many heads of another width. */
  public HeadCounts ofSize(int other) {
    return new HeadCounts(query, keyValue, other);
  }
}
