package ringattention.attention;

import ringattention.device.HeadCounts;

/**
 * The sizes of attention on one rank.
 *
 * @param tokens positions of the sequence this rank holds
 * @param largestShard positions the best-filled rank of the ring holds: arriving blocks fit into
 *     this many
 * @param batch sequences side by side
 */
public record AttentionShape(int tokens, int largestShard, int batch, HeadCounts heads) {
  public AttentionShape {
    if (tokens < 1 || largestShard < tokens || batch < 1) {
      throw new IllegalArgumentException("attention of no size");
    }
  }
}
