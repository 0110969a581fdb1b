package ringattention.model;

import ringattention.attention.AttentionShape;

/**
 * What one rank holds of a step.
 *
 * @param tokens positions of the sequence on this rank
 * @param largestShard positions on the best-filled rank of the ring
 * @param batch sequences side by side on this rank
 * @param packed whether each has documents and positions of its own: then attention takes one after
 *     the other
 * @param feedForwardBlock tokens the projections and the feed-forward take at a time
 * @param lossBlock tokens the loss head takes at a time
 */
public record ShardShape(
    int tokens, int largestShard, int batch, boolean packed, int feedForwardBlock, int lossBlock) {
  public ShardShape {
    feedForwardBlock = Math.min(tokens, feedForwardBlock);
    lossBlock = Math.min(tokens, lossBlock);
    if (batch < 1 || feedForwardBlock < 1 || lossBlock < 1) {
      throw new IllegalArgumentException("a shard of no size");
    }
  }

  /**
   * Returns how often a group of heads goes through attention: once for sequences that are alike.
   */
  public int turns() {
    return packed ? batch : 1;
  }

  /** Returns how many sequences attention takes at a time. */
  int together() {
    return batch / turns();
  }

  /** Returns the sizes of one call of attention. */
  public AttentionShape attention(ModelConfig model, int headGroups) {
    return new AttentionShape(tokens, largestShard, together(), model.heads().divided(headGroups));
  }
}
