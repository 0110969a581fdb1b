package ringattention.model;

import ringattention.attention.AttentionShape;
import ringattention.device.HeadCounts;

/**
 * What one rank holds of a step.
 *
 * @param tokens positions of the sequence whose residual stream is on this rank
 * @param entered positions that the products of this rank take: those of all its tensor ranks
 * @param tensorRanks ranks that share products; 1: every rank does its own
 * @param attended positions whose queries are attended to on this rank: with exchange of heads
 *     those of its group, else as entered
 * @param largestShard positions attended to on the best-filled rank of the ring
 * @param headRanks ranks that exchange heads, each of which attends to its share; 1: none do
 * @param batch sequences side by side on this rank
 * @param packed whether each has documents and positions of its own: then attention takes one after
 *     the other
 * @param feedForwardBlock tokens the projections and the feed-forward take at a time
 * @param lossBlock tokens the loss head takes at a time
 */
public record ShardShape(
    int tokens,
    int entered,
    int tensorRanks,
    int attended,
    int largestShard,
    int headRanks,
    int batch,
    boolean packed,
    int feedForwardBlock,
    int lossBlock) {
  public ShardShape {
    feedForwardBlock = Math.min(entered, feedForwardBlock);
    lossBlock = Math.min(tokens, lossBlock);
    if (batch < 1 || feedForwardBlock < 1 || lossBlock < 1) {
      throw new IllegalArgumentException("a shard of no size");
    }
  }

  /** What a rank holds that shares no products. */
  public ShardShape(
      int tokens,
      int attended,
      int largestShard,
      int headRanks,
      int batch,
      boolean packed,
      int feedForwardBlock,
      int lossBlock) {
    this(
        tokens,
        tokens,
        1,
        attended,
        largestShard,
        headRanks,
        batch,
        packed,
        feedForwardBlock,
        lossBlock);
  }

  /** What a rank holds that exchanges no heads either. */
  public ShardShape(
      int tokens,
      int largestShard,
      int batch,
      boolean packed,
      int feedForwardBlock,
      int lossBlock) {
    this(tokens, tokens, largestShard, 1, batch, packed, feedForwardBlock, lossBlock);
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

  /**
   * Returns the sizes of one call of attention.
   *
   * @param model what a rank computes of it
   */
  public AttentionShape attention(ModelConfig model, int headGroups) {
    HeadCounts heads = model.heads().divided(headGroups * headRanks);
    return new AttentionShape(attended, largestShard, together(), heads);
  }
}
