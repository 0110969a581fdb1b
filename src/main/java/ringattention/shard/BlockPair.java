package ringattention.shard;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A range of local queries, a range of held keys, and the mask between them. Under {@link
 * Mask#CAUSAL} the ranges are equally long and query i of the range sees keys 0 to i of the range.
 */
public record BlockPair(int queryFrom, int queryTo, int keyFrom, int keyTo, Mask mask) {
  private static final int TILE = 128;

  public BlockPair {
    if (queryFrom < 0 || queryTo < queryFrom || keyFrom < 0 || keyTo < keyFrom) {
      throw new IllegalArgumentException("bad ranges");
    }
    if (mask == Mask.CAUSAL && queryTo - queryFrom != keyTo - keyFrom) {
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
    if (mask == Mask.FULL || queries() <= longestCausal || queries() < 2) {
      return List.of(this);
    }
    int half = queries() < 2 * TILE ? queries() / 2 : (queries() / 2 + TILE - 1) / TILE * TILE;
    int query = queryFrom + half;
    int key = keyFrom + half;
    List<BlockPair> parts =
        new ArrayList<>(new BlockPair(queryFrom, query, keyFrom, key, mask).cut(longestCausal));
    parts.add(new BlockPair(query, queryTo, keyFrom, key, Mask.FULL));
    parts.addAll(new BlockPair(query, queryTo, key, keyTo, mask).cut(longestCausal));
    return parts;
  }

  /**
   * What is left of this pair inside one document, whose queries and keys are ranges of the same
   * two shards. Of a causal pair that is causal again: a document's first key in the range is never
   * before its first query there, nor its last query behind its last key, because key i of the
   * range lies at or before query i (see {@link SequenceLayout#causalBlocks}).
   */
  Optional<BlockPair> within(int documentQuery, int queryEnd, int documentKey, int keyEnd) {
    int query = Math.max(queryFrom, documentQuery);
    int lastQuery = Math.min(queryTo, queryEnd);
    int key = Math.max(keyFrom, documentKey);
    int lastKey = Math.min(keyTo, keyEnd);
    if (mask == Mask.CAUSAL) {
      int offset = keyFrom - queryFrom; // of a query's last key
      query = Math.max(query, key - offset);
      lastKey = Math.min(lastKey, lastQuery + offset);
    }
    return query < lastQuery && key < lastKey
        ? Optional.of(new BlockPair(query, lastQuery, key, lastKey, mask))
        : Optional.empty();
  }

  /**
   * This pair as pairs of few different extents: whole tiles whose number has at most three
   * significant bits, and remainders of less than a tile. For devices that compile for each shape,
   * where documents have any length. Parts come in an order as in {@link #cut}.
   *
   * @param tile tokens; 1 for devices that take any extent as well
   */
  public List<BlockPair> tiled(int tile) {
    if (tile == 1) {
      return List.of(this);
    }
    int[] queries = bounds(queryFrom, queryTo, tile);
    int[] keys = bounds(keyFrom, keyTo, tile);
    List<BlockPair> parts = new ArrayList<>();
    for (int key = 0; key + 1 < keys.length; key++) {
      boolean causal = mask == Mask.CAUSAL;
      for (int query = causal ? key : 0; query + 1 < queries.length; query++) {
        parts.add(
            new BlockPair(
                queries[query],
                queries[query + 1],
                keys[key],
                keys[key + 1],
                causal && query == key ? Mask.CAUSAL : Mask.FULL));
      }
    }
    return parts;
  }

  /**
   * Pairs, some of which are as large as any that is left of this one inside any documents once
   * {@link #cut} and {@link #tiled}.
   */
  public List<BlockPair> largestParts(int longestCausal, int tile) {
    int queries = queries();
    int keys = keys();
    if (mask == Mask.CAUSAL) { // whole, or a half that ends a tile
      int half = Math.min(queries, (queries / 2 + TILE) / TILE * TILE);
      queries = Math.min(queries, Math.max(longestCausal, half));
      keys = queries;
    }
    List<BlockPair> parts = new ArrayList<>(List.of(firsts(queries, keys, mask)));
    if (tile > 1) { // remainders, which a device may compute another way
      parts.add(firsts(Math.min(queries, tile - 1), keys, Mask.FULL));
      parts.add(firsts(queries, Math.min(keys, tile - 1), Mask.FULL));
    }
    return parts;
  }

  private BlockPair firsts(int queries, int keys, Mask kind) {
    return new BlockPair(queryFrom, queryFrom + queries, keyFrom, keyFrom + keys, kind);
  }

  /** Where the parts of a range begin, the longest first, and its end. */
  private static int[] bounds(int from, int to, int tile) {
    IntStream.Builder bounds = IntStream.builder();
    int at = from;
    while (at < to) {
      bounds.add(at);
      at += longestPart(to - at, tile);
    }
    return bounds.add(to).build().toArray();
  }

  private static int longestPart(int length, int tile) {
    int tiles = length / tile;
    int kept = Integer.highestOneBit(tiles) >> 2; // the lowest of the three bits that stay
    return tiles == 0 ? length : (kept == 0 ? tiles : tiles / kept * kept) * tile;
  }

  /** Returns the same pair where so many other keys lie before these. */
  BlockPair withKeysBehind(int others) {
    return new BlockPair(queryFrom, queryTo, keyFrom + others, keyTo + others, mask);
  }

  /** How many query-key pairs are visible. */
  public long visiblePairs() {
    return mask == Mask.FULL ? (long) queries() * keys() : (long) queries() * (queries() + 1) / 2;
  }
}
