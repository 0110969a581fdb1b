package ringattention.shard;

/**
 * Which positions 0 to length-1 of a sequence each of the ranks holds that share it. Every rank
 * holds its positions in ascending order. Shards may differ in size by a few positions; nothing is
 * padded.
 */
public interface TokenLayout {
  /** Positions in the whole sequence. */
  int length();

  /** Ranks that share the sequence. */
  int ranks();

  /** How many positions a rank holds. */
  int size(int rank);

  /** The global position of a rank's local index. */
  int position(int rank, int index);

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
}
