package ringattention.shard;

import ringattention.config.MaskKind;

/**
 * A range of local queries, a range of held keys, and the mask between them. Under {@link
 * MaskKind#CAUSAL} the ranges are equally long and query i of the range sees keys 0 to i of the
 * range.
 */
public record BlockPair(int queryFrom, int queryTo, int keyFrom, int keyTo, MaskKind mask) {
  public BlockPair {
    if (queryFrom < 0 || queryTo < queryFrom || keyFrom < 0 || keyTo < keyFrom) {
      throw new IllegalArgumentException("bad ranges");
    }
    if (mask == MaskKind.CAUSAL && queryTo - queryFrom != keyTo - keyFrom) {
      throw new IllegalArgumentException("a causal block pair is square");
    }
  }

  public int queries() {
    return queryTo - queryFrom;
  }

  public int keys() {
    return keyTo - keyFrom;
  }

  /** How many query-key pairs are visible. */
  public long visiblePairs() {
    return mask == MaskKind.FULL
        ? (long) queries() * keys()
        : (long) queries() * (queries() + 1) / 2;
  }
}
