package ringattention.model;

/**
 * What the attention of a model has beside that of a Llama.
 *
 * @param queryKeyValueBias whether the projections of queries, keys and values add a bias, as those
 *     of Qwen2
 * @param queryKeyNorm whether every head's queries and keys go through RMSNorm before they are
 *     rotated, as those of Qwen3; one weight for all heads of a layer
 * @param slidingWindow tokens that a token sees, itself included, as those of Mistral 7B 0.1; 0:
 *     all before it. Attention itself has no window: a sequence must be no longer
 */
public record AttentionDetails(boolean queryKeyValueBias, boolean queryKeyNorm, int slidingWindow) {
  /** Those of a Llama. */
  public static final AttentionDetails NONE = new AttentionDetails(false, false, 0);

  public AttentionDetails {
    if (slidingWindow < 0) {
      throw new IllegalArgumentException("a window of " + slidingWindow);
    }
  }

  /** Returns whether attention over so many tokens is the same as without a window. */
  public boolean holds(long tokens) {
    return slidingWindow == 0 || tokens <= slidingWindow;
  }
}
