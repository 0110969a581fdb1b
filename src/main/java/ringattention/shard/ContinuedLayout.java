package ringattention.shard;

import java.util.ArrayList;
import java.util.List;

/**
 * The next chunk of a sequence whose earlier positions the ranks hold already: queries are the
 * chunk's, keys those of all earlier positions and, behind them, of the chunk. Earlier positions
 * may lie on any ranks in any order, for under the causal mask the chunk sees them all.
 *
 * @param chunk layout of the new positions, counted from 0
 * @param start position of the first of them
 * @param earlier by rank, how many earlier positions it holds
 */
public record ContinuedLayout(SequenceLayout chunk, int start, List<Integer> earlier)
    implements SequenceLayout {
  public ContinuedLayout {
    earlier = List.copyOf(earlier);
    long held = earlier.stream().mapToLong(Integer::longValue).sum();
    if (earlier.size() != chunk.ranks() || held != start) {
      throw new IllegalArgumentException(
          "a chunk at position " + start + " behind " + earlier + " positions by rank");
    }
  }

  @Override
  public int length() {
    return chunk.length();
  }

  @Override
  public int ranks() {
    return chunk.ranks();
  }

  @Override
  public int size(int rank) {
    return chunk.size(rank);
  }

  @Override
  public int keys(int rank) {
    return earlier.get(rank) + chunk.size(rank);
  }

  @Override
  public int position(int rank, int index) {
    return start + chunk.position(rank, index);
  }

  @Override
  public List<BlockPair> causalBlocks(int queryRank, int keyRank) {
    int before = earlier.get(keyRank);
    List<BlockPair> pairs = new ArrayList<>();
    if (before > 0) {
      pairs.add(new BlockPair(0, size(queryRank), 0, before, Mask.FULL));
    }
    for (BlockPair pair : chunk.causalBlocks(queryRank, keyRank)) {
      pairs.add(pair.withKeysBehind(before));
    }
    return pairs;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException unless the mask is causal: what was computed before did not
   *     see this chunk
   */
  @Override
  public List<BlockPair> visible(int queryRank, int keyRank, Mask mask) {
    if (mask != Mask.CAUSAL) {
      throw new IllegalArgumentException("a sequence goes on under the causal mask only");
    }
    return causalBlocks(queryRank, keyRank);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if there are several documents: a chunk belongs to one
   */
  @Override
  public List<BlockPair> visible(int queryRank, int keyRank, Mask mask, Documents documents) {
    if (documents.count() > 1) {
      throw new IllegalArgumentException("a chunk of " + documents.count() + " documents");
    }
    return visible(queryRank, keyRank, mask);
  }
}
