package ringattention.model;

/**
 * What blocks keep for the backward, where, and in how many groups of heads attention is computed.
 * Every block keeps its input. The last {@code savedAttention} of them keep their attention output
 * too; of these the last {@code savedProjections} also the rotated queries, keys and values; and of
 * those the last {@code savedFeedForward} also what the backward of the feed-forward needs, so that
 * no matrix product of theirs is computed again. Inputs and attention outputs, in the order in
 * which a forward makes them, wait in the host's memory up to the first {@code onHost}, since they
 * are needed again last; all else stays on the device.
 *
 * @param layers blocks of the model
 * @param headGroups divides the key/value heads; attention's own buffers shrink by it
 * @param savedAttention blocks whose attention is not computed again
 * @param savedProjections blocks whose queries, keys and values are not computed again
 * @param savedFeedForward blocks whose output projection and feed-forward are not computed again
 * @param onHost saved tensors in the host's memory
 * @param forwardOnly whether there is no backward: then nothing is kept at all, and there is no
 *     room for gradients
 */
public record ActivationPolicy(
    int layers,
    int headGroups,
    int savedAttention,
    int savedProjections,
    int savedFeedForward,
    int onHost,
    boolean forwardOnly) {
  public ActivationPolicy {
    if (headGroups < 1
        || savedFeedForward < 0
        || savedProjections < savedFeedForward
        || savedAttention < savedProjections
        || savedAttention > layers
        || onHost < 0
        || onHost > layers + savedAttention
        || forwardOnly && savedAttention + onHost > 0) {
      throw new IllegalArgumentException("no such policy of " + layers + " layers");
    }
  }

  /** A policy of training that keeps inputs and attention outputs. */
  public ActivationPolicy(int layers, int headGroups, int savedAttention, int onHost) {
    this(layers, headGroups, savedAttention, 0, 0, onHost, false);
  }

  /** Nothing is kept. */
  public static ActivationPolicy forwardOnly(int layers, int headGroups) {
    return new ActivationPolicy(layers, headGroups, 0, 0, 0, 0, true);
  }

  /** Block inputs only, on the device; all heads at once. */
  public static ActivationPolicy inputs(int layers) {
    return new ActivationPolicy(layers, 1, 0, 0);
  }

  /** The same with results of products kept by so many blocks. */
  public ActivationPolicy withProducts(int projections, int feedForward) {
    return new ActivationPolicy(
        layers, headGroups, savedAttention, projections, feedForward, onHost, forwardOnly);
  }

  /** The same with attention in so many groups of heads. */
  public ActivationPolicy withHeadGroups(int groups) {
    return new ActivationPolicy(
        layers, groups, savedAttention, savedProjections, savedFeedForward, onHost, forwardOnly);
  }

  /** The same with so many tensors on the host. */
  public ActivationPolicy withOnHost(int count) {
    return new ActivationPolicy(
        layers, headGroups, savedAttention, savedProjections, savedFeedForward, count, forwardOnly);
  }

  /**
   * Returns the inputs and attention outputs that are saved, which the host can take; log-sum-exps
   * are not counted, for they go with the attention outputs.
   */
  public int saved() {
    return layers + savedAttention;
  }

  public boolean savesAttention(int block) {
    return block >= layers - savedAttention;
  }

  /** Whether a block keeps its queries, keys and values, rotated. */
  public boolean savesProjections(int block) {
    return block >= layers - savedProjections;
  }

  /** Whether a block keeps input, gate and up of its feed-forward. */
  public boolean savesFeedForward(int block) {
    return block >= layers - savedFeedForward;
  }

  /**
   * Returns how often the backward of a block projects queries, keys and values again.
   *
   * @param calls of attention for a block: if several, the one that computes attention again leaves
   *     the results of its last call only
   */
  public int projectedAgain(int block, int calls) {
    if (savesProjections(block)) {
      return 0;
    }
    return !savesAttention(block) && calls > 1 ? 2 : 1;
  }

  public boolean inputOnHost(int block) {
    return before(block) < onHost;
  }

  public boolean attentionOnHost(int block) {
    return savesAttention(block) && before(block) + 1 < onHost;
  }

  /** How many tensors are saved before this block's input. */
  private int before(int block) {
    return block + Math.max(0, block - (layers - savedAttention));
  }

  /**
   * For tables: {@code nothing}, {@code inputs}, {@code inputs+attention}, {@code
   * inputs+attention+qkv}, {@code inputs+attention+qkv+feedForward}, or of how many blocks the
   * last.
   */
  public String savedText() {
    if (forwardOnly) {
      return "nothing";
    }
    return "inputs"
        + part("attention", savedAttention)
        + part("qkv", savedProjections)
        + part("feedForward", savedFeedForward);
  }

  private String part(String what, int blocks) {
    if (blocks == 0) {
      return "";
    }
    return "+" + what + (blocks == layers ? "" : " of " + blocks + " of " + layers);
  }

  /** For tables: {@code none}, {@code host}, or how many of the saved tensors are on the host. */
  public String offloadText() {
    if (onHost == 0) {
      return "none";
    }
    return onHost == saved() ? "host" : "host " + onHost + " of " + saved();
  }
}
