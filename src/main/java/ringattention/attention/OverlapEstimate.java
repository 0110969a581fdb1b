package ringattention.attention;

/**
 * What decides whether a ring hides its exchange, as measured once.
 *
 * @param tokens of a rank's block
 * @param flops of attention to the own block
 * @param bytes of its keys and values
 * @param attentionS seconds of that attention, of the slowest rank
 * @param messageS seconds of that message, of the slowest rank
 */
public record OverlapEstimate(
    int tokens, double flops, long bytes, double attentionS, double messageS) {
  public double flopsPerS() {
    return flops / attentionS;
  }

  public double bytesPerS() {
    return bytes / messageS;
  }

  /** Whether attention to a block takes as long as the next block takes to come. */
  public boolean hides() {
    return attentionS >= messageS;
  }

  /**
   * The smallest block that hides its message at these rates: work grows with the square of the
   * tokens, messages with the tokens.
   */
  public long hidingTokens() {
    return (long) Math.ceil(tokens * messageS / attentionS);
  }
}
