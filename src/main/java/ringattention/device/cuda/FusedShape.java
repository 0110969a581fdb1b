package ringattention.device.cuda;

import ringattention.device.BlockShape;
import ringattention.device.HeadCounts;
import ringattention.shard.Mask;

/**
 * What decides a fused plan. cuDNN calls dimensions [batch, heads, tokens, headSize]; tensors lie
 * as [tokens, batch, heads in memory, headSize].
 *
 * @param block extents of the call; its head size is what lies in memory, a multiple of 8
 * @param memory heads in the memory of queries, and of keys and values, of which the call takes
 *     some
 * @param scale of the scores
 * @param deterministic only for the backward
 */
record FusedShape(
    BlockShape block, Mask mask, HeadCounts memory, float scale, boolean deterministic) {
  /** Returns the extents of q, out and their gradients. */
  long[] queryDims() {
    return new long[] {block.batch(), block.heads().query(), block.queries(), block.heads().size()};
  }

  long[] queryStrides() {
    return strides(block.queries(), memory.query());
  }

  /** Returns the strides of dq, which holds no other heads. */
  long[] queryGradientStrides() {
    return strides(block.queries(), block.heads().query());
  }

  long[] keyDims() {
    return new long[] {block.batch(), block.heads().keyValue(), block.keys(), block.heads().size()};
  }

  long[] keyStrides() {
    return strides(block.keys(), memory.keyValue());
  }

  long[] keyGradientStrides() {
    return strides(block.keys(), block.heads().keyValue());
  }

  /** [batch, heads, queries, keys]. */
  long[] scoreDims() {
    return new long[] {block.batch(), block.heads().query(), block.queries(), block.keys()};
  }

  /** One number per query. */
  long[] rowDims() {
    return new long[] {block.batch(), block.heads().query(), block.queries(), 1};
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
    long headSize = block.heads().size();
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
        + memory.query()
        + " and "
        + memory.keyValue()
        + " heads"
        + (deterministic ? ", deterministic" : "");
  }
}
