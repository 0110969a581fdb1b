package ringattention.shard;

import java.util.ArrayList;
import java.util.List;

/** Spreads a sequence over the ranks of a ring, and says what they see of each other's shards. */
public interface SequenceLayout extends TokenLayout {
  /**
   * Returns how many keys a rank passes around the ring: those of the positions it holds, and of
   * others before them where a sequence goes on, see {@link ContinuedLayout}.
   */
  default int keys(int rank) {
    return size(rank);
  }

  /**
   * What the queries of one rank see of the keys of another under the causal mask, as at most one
   * block pair in the three layouts of whole sequences. In a causal one, key i of the range lies at
   * or before query i, and key i + 1 behind it. Under the full mask a rank sees everything: {@link
   * #visible}.
   */
  List<BlockPair> causalBlocks(int queryRank, int keyRank);

  /** What the queries of one rank see of the keys of another. */
  default List<BlockPair> visible(int queryRank, int keyRank, Mask mask) {
    if (mask == Mask.CAUSAL) {
      return causalBlocks(queryRank, keyRank);
    }
    return List.of(new BlockPair(0, size(queryRank), 0, size(keyRank), Mask.FULL));
  }

  /**
   * Returns {@link #visible(int, int, Mask)} of a sequence packed from documents, none of which
   * sees another. A document is a range of every shard, because positions ascend there.
   */
  default List<BlockPair> visible(int queryRank, int keyRank, Mask mask, Documents documents) {
    List<BlockPair> whole = visible(queryRank, keyRank, mask);
    if (documents.count() == 1) {
      return whole;
    }
    int[] queries = bounds(queryRank, documents);
    int[] keys = bounds(keyRank, documents);
    List<BlockPair> pairs = new ArrayList<>();
    for (BlockPair pair : whole) {
      for (int document = 0; document < documents.count(); document++) {
        pair.within(queries[document], queries[document + 1], keys[document], keys[document + 1])
            .ifPresent(pairs::add);
      }
    }
    return pairs;
  }

  /** The local index where each document begins on a rank, and the size of its shard. */
  private int[] bounds(int rank, Documents documents) {
    int[] bounds = new int[documents.count() + 1];
    for (int document = 0; document < documents.count(); document++) {
      bounds[document] = before(rank, documents.starts().get(document));
    }
    bounds[documents.count()] = size(rank);
    return bounds;
  }

  /** How many of a rank's positions lie before this one. */
  private int before(int rank, int position) {
    int from = 0;
    int to = size(rank);
    while (from < to) {
      int middle = (from + to) / 2;
      if (position(rank, middle) < position) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  /** Visible query-key pairs of a rank over the whole ring: its work. */
  default long visiblePairs(int rank, Mask mask) {
    return visiblePairs(rank, mask, Documents.ONE);
  }

  /** Returns {@link #visiblePairs(int, Mask)} of a sequence packed from documents. */
  default long visiblePairs(int rank, Mask mask, Documents documents) {
    long pairs = 0;
    for (int keyRank = 0; keyRank < ranks(); keyRank++) {
      for (BlockPair pair : visible(rank, keyRank, mask, documents)) {
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
