package ringattention.shard;

import java.util.List;

/**
 * Rank r holds the r-th chunk. Under the causal mask the last rank works about twice the average.
 */
record ContiguousLayout(int length, int ranks) implements SequenceLayout {
  private Chunks chunks() {
    return new Chunks(length, ranks);
  }

  @Override
  public int size(int rank) {
    return chunks().size(rank);
  }

  @Override
  public int position(int rank, int index) {
    return chunks().start(rank) + index;
  }

  @Override
  public List<BlockPair> causalBlocks(int queryRank, int keyRank) {
    int queries = size(queryRank);
    if (keyRank == queryRank) {
      return List.of(new BlockPair(0, queries, 0, queries, Mask.CAUSAL));
    }
    return keyRank < queryRank
        ? List.of(new BlockPair(0, queries, 0, size(keyRank), Mask.FULL))
        : List.of();
  }
}
