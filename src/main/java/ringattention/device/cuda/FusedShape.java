package ringattention.device.cuda;

import ringattention.device.BlockShape;
import ringattention.shard.Mask;

/**
 * What decides a fused plan. cuDNN calls dimensions [batch, heads, tokens, headSize]; tensors lie
 * as [tokens, batch, heads in memory, headSize].
 *
 * @param block extents of the call; its head size is what lies in memory, a multiple of 8
 * @param heads in the memory of queries, of which the call takes some; likewise
 * @param keyValueHeads in that of keys and values
 * @param scale of the scores
 * @param deterministic only for the backward
 */
record FusedShape(
    BlockShape block, Mask mask, int heads, int keyValueHeads, float scale, boolean deterministic) {
  /** Returns the extents of q, out and their gradients. */
  long[] queryDims() {
    return new long[] {block.batch(), block.heads(), block.queries(), block.headSize()};
  }

  long[] queryStrides() {
    return strides(block.queries(), heads);
  }

  /** Returns the strides of dq, which holds no other heads. */
  long[] queryGradientStrides() {
    return strides(block.queries(), block.heads());
  }

  long[] keyDims() {
    return new long[] {block.batch(), block.keyValueHeads(), block.keys(), block.headSize()};
  }

  long[] keyStrides() {
    return strides(block.keys(), keyValueHeads);
  }

  long[] keyGradientStrides() {
    return strides(block.keys(), block.keyValueHeads());
  }

  /** [batch, heads, queries, keys]. */
  long[] scoreDims() {
    return new long[] {block.batch(), block.heads(), block.queries(), block.keys()};
  }

  /** One number per query. */
  long[] rowDims() {
    return new long[] {block.batch(), block.heads(), block.queries(), 1};
  }

  /** Dense, last dimension fastest. */
  static long[] packed(long[] dims) {
    return new long[] {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1};
  }

  /** The last two swapped: of dimensions or strides, a matrix seen transposed. */
  static long[] transposed(long[] values) {
    return new long[] {values[0], values[1], values[3], values[2]};
  }

  private long[] strides(long tokens, long memoryHeads) {
    long headSize = block.headSize();
    long row = memoryHeads * headSize;
    // a batch of one has no stride: that of whole sequences, for cuDNN reads the layout off strides
    long batch = block.batch() == 1 ? tokens * row : row;
    return new long[] {batch, headSize, block.batch() * row, 1};
  }

  /** For messages. */
  String description() {
    return "attention in bf16 of "
        + block
        + " under a "
        + mask
        + " mask, in memory of "
        + heads
        + " and "
        + keyValueHeads
        + " heads"
        + (deterministic ? ", deterministic" : "");
  }
}
