package ringattention.shard;

import java.util.List;

/**
 * The sequence in 2 ranks chunks; rank r holds chunk r and chunk 2 ranks - 1 - r, so that every
 * rank sees equally much under the causal mask (the layout of ring-flash-attention and
 * TransformerEngine).
 */
record ZigzagLayout(int length, int ranks) implements SequenceLayout {
  private Chunks chunks() {
    return new Chunks(length, 2 * ranks);
  }

  private int highChunk(int rank) {
    return 2 * ranks - 1 - rank;
  }

  private int lowSize(int rank) {
    return chunks().size(rank);
  }

  @Override
  public int size(int rank) {
    return lowSize(rank) + chunks().size(highChunk(rank));
  }

  @Override
  public int position(int rank, int index) {
    int low = lowSize(rank);
    return index < low
        ? chunks().start(rank) + index
        : chunks().start(highChunk(rank)) + index - low;
  }

  @Override
  public List<BlockPair> causalBlocks(int queryRank, int keyRank) {
    int queries = size(queryRank);
    if (keyRank == queryRank) {
      return List.of(new BlockPair(0, queries, 0, queries, Mask.CAUSAL));
    }
    if (keyRank
        < queryRank) { // both query chunks come after the key rank's low chunk and before its high
      // one
      return List.of(new BlockPair(0, queries, 0, lowSize(keyRank), Mask.FULL));
    }
    return List.of( // the low query chunk comes before both key chunks, the high one after both
        new BlockPair(lowSize(queryRank), queries, 0, size(keyRank), Mask.FULL));
  }
}
