package ringattention.device;

/**
 * Attention of a few new tokens over a long cache of keys and values, of which a rank holds a part.
 * Scores are scaled by 1 / sqrt(headSize). Query head h reads key/value head h / (heads /
 * keyValueHeads).
 *
 * <p>What a row sees is said by a tensor on the device, so that recorded work ({@link
 * Device#record}) can be run again over a cache that has grown.
 */
public interface DecodeAttention {
  /** Numbers of a segment: rowFrom, rowTo, slotFrom, slotTo. */
  int SEGMENT = 4;

  /**
   * Computes attention over the slots that this rank holds. Nothing outside of the segments is
   * read: the cache elsewhere may be NaN.
   *
   * @param q [rows, heads, headSize], compute type
   * @param keys [slots, keyValueHeads, headSize], compute type: a layer's whole cache on this rank
   * @param values as keys
   * @param segments I32 [segments, 4]: rows [rowFrom, rowTo) see all slots [slotFrom, slotTo); a
   *     segment without rows or slots is empty. A row may be in several segments, which must not
   *     overlap for it, or in none.
   * @param partial [rows, heads, headSize + 1], sum type, overwritten: the output over what this
   *     rank holds, then its log-sum-exp, in natural logarithm; 0 and minus infinity where a row
   *     sees nothing
   */
  void attend(Tensor q, Tensor keys, Tensor values, Tensor segments, Tensor partial);

  /** Returns the name of the library that {@link #library} is of; empty if there is none. */
  default String libraryName() {
    return "";
  }

  /**
   * Computes attention of rows that all see the whole cache by the attention of a vendor's library,
   * to measure {@link #attend} against.
   *
   * @param q as for {@link #attend}, and so are keys and values
   * @param out [rows, heads, headSize], compute type, overwritten
   * @param logSumExp [rows, 1, heads], sum type, overwritten
   * @throws UnsupportedOperationException if there is no such library or it does not take these;
   *     the message says why
   */
  default void library(Tensor q, Tensor keys, Tensor values, Tensor out, Tensor logSumExp) {
    throw new UnsupportedOperationException("there is no library with attention on this device");
  }

  /**
   * Merges what all ranks have seen, in the order of ranks.
   *
   * @param parts [ranks, rows, heads, headSize + 1], sum type: every rank's partial
   * @param out [rows, heads, headSize], compute type, overwritten; 0 where no rank saw anything
   */
  void merge(Tensor parts, Tensor out);

  /**
   * Puts new rows into the cache: {@code to[slots[i]] = from[i]} where slots[i] is not negative.
   *
   * @param from [rows, keyValueHeads, headSize]
   * @param slots I32 [rows], each at most once
   * @param to [slots, keyValueHeads, headSize] of the same type
   */
  void store(Tensor from, Tensor slots, Tensor to);
}
