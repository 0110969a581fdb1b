package ringattention.shard;

import java.util.ArrayList;
import java.util.List;
import ringattention.config.MaskKind;

/**
 * A range of local queries, a range of held keys, and the mask between them. Under {@link
 * MaskKind#CAUSAL} the ranges are equally long and query i of the range sees keys 0 to i of the
 * range.
 */
public record BlockPair(int queryFrom, int queryTo, int keyFrom, int keyTo, MaskKind mask) {
  private static final int TILE = 128;

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

  /**
   * This pair as pairs whose causal ones are at most so long. Halves are multiples of 128 where
   * they can be, for the tiles of GPU kernels. Every part's queries, and every part's keys, are
   * either all or none among those of the parts before it.
   */
  public List<BlockPair> cut(int longestCausal) {
    if (mask == MaskKind.FULL || queries() <= longestCausal || queries() < 2) {
      return List.of(this);
    }
    int half = queries() < 2 * TILE ? queries() / 2 : (queries() / 2 + TILE - 1) / TILE * TILE;
    int query = queryFrom + half;
    int key = keyFrom + half;
    List<BlockPair> parts =
        new ArrayList<>(new BlockPair(queryFrom, query, keyFrom, key, mask).cut(longestCausal));
    parts.add(new BlockPair(query, queryTo, keyFrom, key, MaskKind.FULL));
    parts.addAll(new BlockPair(query, queryTo, key, keyTo, mask).cut(longestCausal));
    return parts;
  }

  /** How many query-key pairs are visible. */
  public long visiblePairs() {
    return mask == MaskKind.FULL
        ? (long) queries() * keys()
        : (long) queries() * (queries() + 1) / 2;
  }
}
