package ringattention.model;

/**
 * What blocks keep for the backward, where, and in how many groups of heads attention is computed.
 * Saved are the input of every block, and the attention output of the last {@code savedAttention}
 * blocks; of all these, in the order in which a forward makes them, the first {@code onHost} are
 * kept in the host's memory, since they are needed again last.
 *
 * @param layers blocks of the model
 * @param headGroups divides the key/value heads; attention's own buffers shrink by it
 * @param savedAttention blocks whose attention is not computed again
 * @param onHost saved tensors in the host's memory
 * @param forwardOnly whether there is no backward: then nothing is kept at all, and there is no
 *     room for gradients
 */
public record ActivationPolicy(
    int layers, int headGroups, int savedAttention, int onHost, boolean forwardOnly) {
  public ActivationPolicy {
    if (headGroups < 1
        || savedAttention < 0
        || savedAttention > layers
        || onHost < 0
        || onHost > layers + savedAttention
        || forwardOnly && savedAttention + onHost > 0) {
      throw new IllegalArgumentException("no such policy of " + layers + " layers");
    }
  }

  /** A policy of training. */
  public ActivationPolicy(int layers, int headGroups, int savedAttention, int onHost) {
    this(layers, headGroups, savedAttention, onHost, false);
  }

  /** Nothing is kept. */
  public static ActivationPolicy forwardOnly(int layers, int headGroups) {
    return new ActivationPolicy(layers, headGroups, 0, 0, true);
  }

  /** Block inputs only, on the device; all heads at once. */
  public static ActivationPolicy inputs(int layers) {
    return new ActivationPolicy(layers, 1, 0, 0);
  }

  /** Tensors saved, log-sum-exps not counted: they go with the attention outputs. */
  public int saved() {
    return layers + savedAttention;
  }

  public boolean savesAttention(int block) {
    return block >= layers - savedAttention;
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
   * For tables: {@code nothing}, {@code inputs}, {@code inputs+attention}, or how many blocks'
   * attention.
   */
  public String savedText() {
    if (forwardOnly) {
      return "nothing";
    }
    if (savedAttention == 0) {
      return "inputs";
    }
    String part = savedAttention == layers ? "" : " of " + savedAttention + " of " + layers;
    return "inputs+attention" + part;
  }

  /** For tables: {@code none}, {@code host}, or how many of the saved tensors are on the host. */
  public String offloadText() {
    if (onHost == 0) {
      return "none";
    }
    return onHost == saved() ? "host" : "host " + onHost + " of " + saved();
  }
}
