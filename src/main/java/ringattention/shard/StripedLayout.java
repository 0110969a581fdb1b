package ringattention.shard;

import java.util.List;

/**
 * Position p lives on rank p mod ranks (Brandon et al. 2023). Every block pair is causal, with or
 * without the diagonal.
 */
record StripedLayout(int length, int ranks) implements SequenceLayout {
  @Override
  public int size(int rank) {
    return length / ranks + (rank < length % ranks ? 1 : 0);
  }

  @Override
  public int position(int rank, int index) {
    return index * ranks + rank;
  }

  @Override
  public List<BlockPair> causalBlocks(int queryRank, int keyRank) {
    int queries = size(queryRank);
    if (keyRank <= queryRank) { // key index j is visible to query index i when j <= i
      return List.of(new BlockPair(0, queries, 0, queries, Mask.CAUSAL));
    }
    return List.of( // j < i: shift the queries by one and the diagonal is visible again
        new BlockPair(1, queries, 0, queries - 1, Mask.CAUSAL));
  }
}
