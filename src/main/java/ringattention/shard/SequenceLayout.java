package ringattention.shard;

import java.util.List;
import ringattention.config.LayoutKind;
import ringattention.config.MaskKind;

/**
 * Spreads the positions 0 to length-1 of a sequence over the ranks of a ring. Every rank holds its
 * positions in ascending order. Shards may differ in size by a few positions; nothing is padded.
 */
public interface SequenceLayout {
  /** Positions in the whole sequence. */
  int length();

  /** Ranks in the ring. */
  int ranks();

  /** How many positions a rank holds. */
  int size(int rank);

  /** The global position of a rank's local index. */
  int position(int rank, int index);

  /**
   * What the queries of one rank see of the keys of another under the causal mask, as at most one
   * block pair in all three layouts. Under the full mask a rank sees everything: {@link #visible}.
   */
  List<BlockPair> causalBlocks(int queryRank, int keyRank);

  /** What the queries of one rank see of the keys of another. */
  default List<BlockPair> visible(int queryRank, int keyRank, MaskKind mask) {
    if (mask == MaskKind.CAUSAL) {
      return causalBlocks(queryRank, keyRank);
    }
    return List.of(new BlockPair(0, size(queryRank), 0, size(keyRank), MaskKind.FULL));
  }

  /** The global positions of a rank's shard, [size(rank)]. */
  default int[] positions(int rank) {
    int[] positions = new int[size(rank)];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = position(rank, i);
    }
    return positions;
  }

  /** The size of the largest shard: what receiving slots are made for. */
  default int largestShard() {
    int largest = 0;
    for (int rank = 0; rank < ranks(); rank++) {
      largest = Math.max(largest, size(rank));
    }
    return largest;
  }

  /** Visible query-key pairs of a rank over the whole ring: its work. */
  default long visiblePairs(int rank, MaskKind mask) {
    long pairs = 0;
    for (int keyRank = 0; keyRank < ranks(); keyRank++) {
      for (BlockPair pair : visible(rank, keyRank, mask)) {
        pairs += pair.visiblePairs();
      }
    }
    return pairs;
  }

  /**
   * The layout of this kind. The length must be at least twice the number of ranks, so that no
   * shard half is empty.
   */
  static SequenceLayout of(LayoutKind kind, int length, int ranks) {
    if (ranks < 1 || length < 2L * ranks) {
      throw new IllegalArgumentException(
          length + " positions over " + ranks + " ranks: at least two positions a rank are needed");
    }
    return switch (kind) {
      case CONTIGUOUS -> new ContiguousLayout(length, ranks);
      case ZIGZAG -> new ZigzagLayout(length, ranks);
      case STRIPED -> new StripedLayout(length, ranks);
    };
  }
}
