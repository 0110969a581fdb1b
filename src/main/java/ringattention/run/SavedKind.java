package ringattention.run;

/** What a block keeps for its backward. {@link #toString} is the spelling in TOML. */
public enum SavedKind {
  /** Whatever fits. */
  AUTO("auto"),
  /** The block's input; all else is computed again. */
  INPUTS("inputs"),
  /** Its attention output too, so that attention is not computed again. */
  INPUTS_ATTENTION("inputs+attention"),
  /** Its queries, keys and values too, so that they are not projected again. */
  INPUTS_ATTENTION_QKV("inputs+attention+qkv"),
  /** What its feed-forward needs too, so that no matrix product is computed again. */
  EVERYTHING("inputs+attention+qkv+feedForward");

  private final String spelling;

  SavedKind(String spelling) {
    this.spelling = spelling;
  }

  /** Whether attention outputs are kept whatever the room. */
  public boolean keepsAttention() {
    return compareTo(INPUTS_ATTENTION) >= 0;
  }

  /** Whether results of products are kept whatever the room. */
  public boolean keepsProducts() {
    return compareTo(INPUTS_ATTENTION_QKV) >= 0;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
