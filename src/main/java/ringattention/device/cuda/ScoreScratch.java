package ringattention.device.cuda;

import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.shard.Mask;

/**
 * Bytes that {@link ScoreAttention} needs for its tiles.
 *
 * @param compute what products take of a tile
 * @param tileBytes the most that all arrays of a tile may take, unless one row of scores takes more
 */
record ScoreScratch(DType compute, long tileBytes) {
  /** At 128 Ki keys still hundreds of queries, for fast products. */
  private static final long TILE_BYTES = 512L << 20;

  static ScoreScratch of(DType compute) {
    return new ScoreScratch(compute, TILE_BYTES);
  }

  /** The most that a forward, and a backward of some heads, allocate; kept until the end. */
  long bytes(BlockShape pair, Mask mask, Heads heads) {
    Heads all = new Heads(0, pair.heads().keyValue());
    return Math.max(
        largest(pair, mask, all, forwardBytes()), largest(pair, mask, heads, backwardBytes()));
  }

  /** The most that vanilla attention of such a block pair allocates; its backward knows no mask. */
  long vanillaBytes(BlockShape pair, Mask mask) {
    if (compute == DType.F32) {
      return 0;
    }
    Heads all = new Heads(0, pair.heads().keyValue());
    return Math.max(
        largest(pair, mask, all, Float.BYTES), largest(pair, Mask.FULL, all, Float.BYTES));
  }

  private long largest(BlockShape pair, Mask mask, Heads heads, int bytesPerScore) {
    return bytesPerScore
        * ScoreTiling.cut(pair, mask, heads, tileBytes / bytesPerScore).stream()
            .mapToLong(ScoreTile::scratchElements)
            .max()
            .orElse(0);
  }

  /** Bytes per score: its fp32, and the probability unless that takes the score's place. */
  int forwardBytes() {
    return compute == DType.F32 ? Float.BYTES : Float.BYTES + compute.bytes();
  }

  /** Returns the bytes of the forward, and as many for the gradient of the probability. */
  int backwardBytes() {
    return 2 * forwardBytes();
  }
}
