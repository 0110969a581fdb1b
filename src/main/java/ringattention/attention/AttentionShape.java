package ringattention.attention;

/**
 * The sizes of attention on one rank.
 *
 * @param tokens positions of the sequence this rank holds
 * @param largestShard positions the best-filled rank of the ring holds: arriving blocks fit into
 *     this many
 * @param batch sequences side by side
 * @param keyValueHeads divides heads
 */
public record AttentionShape(
    int tokens, int largestShard, int batch, int heads, int keyValueHeads, int headSize) {
  public AttentionShape {
    if (tokens < 1 || largestShard < tokens || batch < 1 || headSize < 1 || keyValueHeads < 1) {
      throw new IllegalArgumentException("attention of no size");
    }
    if (heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          heads + " heads over " + keyValueHeads + " key/value heads");
    }
  }
}
