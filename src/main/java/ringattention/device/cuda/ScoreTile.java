package ringattention.device.cuda;

import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Tensor;
import ringattention.device.cuda.Cublas.Operand;
import ringattention.shard.Mask;

/**
 * A part of the scores of one attention call that is computed at a time: queries [from, from +
 * queries) of some heads over the keys that any of them sees. Heads are counted over the batch:
 * head h of batch element b is b * heads + h, and so for key/value heads.
 *
 * @param queryHead the first
 * @param keyHead the first
 * @param heads query heads
 * @param shared whether all of them read key/value head {@code keyHead}; otherwise each the next
 * @param keys 0 to this
 */
record ScoreTile(
    BlockShape shape,
    int queryHead,
    int keyHead,
    int heads,
    boolean shared,
    int from,
    int queries,
    int keys) {
  private static final int EVEN_KEYS = 8; // rows of bf16 scores then are 16-aligned

  /** Elements from one row of scores in the workspace to the next. */
  static long scratchStride(BlockShape shape) {
    return (shape.keys() + EVEN_KEYS - 1L) / EVEN_KEYS * EVEN_KEYS;
  }

  /** Elements of the tile in the workspace. */
  long scratchElements() {
    return heads * queries * scratchStride(shape);
  }

  /** The tile in the workspace: [heads, queries, keys], rows padded. */
  Operand scratch(long address, DType dtype) {
    long stride = scratchStride(shape);
    return new Operand(address, dtype, stride, false, queries * stride);
  }

  /** The tile of a whole [batch, heads, queries, keys]. */
  Operand matrices(Tensor whole) {
    long keysOfAll = shape.keys();
    long each = shape.queries() * keysOfAll;
    return new Operand(whole.address(), whole.dtype(), keysOfAll, false, each)
        .moved(queryHead * each + from * keysOfAll);
  }

  /** [queries, headSize] of each head, of [queries, batch, heads, headSize]. */
  Operand queryVectors(Tensor all) {
    long stride = shape.batch() * shape.heads().queryWidth();
    return new Operand(all.address(), all.dtype(), stride, false, shape.heads().size())
        .moved(from * stride + (long) queryHead * shape.heads().size());
  }

  /** [keys, headSize] for each head, of [keys, batch, keyValueHeads, headSize]. */
  Operand keyVectors(Tensor all) {
    long stride = shape.batch() * shape.heads().keyValueWidth();
    return new Operand(all.address(), all.dtype(), stride, false, shared ? 0 : shape.heads().size())
        .moved((long) keyHead * shape.heads().size());
  }

  /** One value per query and head, of [queries, batch, heads]. */
  Operand values(Tensor all) {
    long stride = (long) shape.batch() * shape.heads().query();
    return new Operand(all.address(), all.dtype(), stride, false, 1)
        .moved(from * stride + queryHead);
  }

  /**
   * @param rowKeys length of the rows, of which the mask hides what this tile's keys leave out
   */
  ScorePasses.Rows rows(Mask mask, int rowKeys) {
    return mask == Mask.CAUSAL
        ? new ScorePasses.Rows(heads, queries, rowKeys, from + 1, 1)
        : new ScorePasses.Rows(heads, queries, rowKeys, rowKeys, 0);
  }
}
