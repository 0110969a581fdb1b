package ringattention.model;

import ringattention.device.Tensor;

/**
 * Walks over the tokens of a shard in blocks; tensors are cut along their first dimension and seen
 * as rows.
 */
record TokenBlocks(int tokens, int block) {
  /** What is done with tokens from (inclusive) to (exclusive). */
  @FunctionalInterface
  interface Body {
    void accept(int from, int to);
  }

  void forEach(Body body) {
    for (int from = 0; from < tokens; from += block) {
      body.accept(from, Math.min(tokens, from + block));
    }
  }

  /** [tokens, batch, ..., columns] cut to [(to - from) * batch * ..., columns]. */
  static Tensor rows(Tensor tensor, int from, int to) {
    return tensor.slice(from, to).rows();
  }

  /** [tokens, batch, heads, headSize] cut to [(to - from) * batch, heads * headSize]. */
  static Tensor headRows(Tensor tensor, int from, int to) {
    Tensor cut = tensor.slice(from, to);
    return cut.view(cut.dim(0) * cut.dim(1), cut.dim(2) * cut.dim(3));
  }
}
