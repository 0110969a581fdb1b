package ringattention.checkpoint;

/**
 * What a training run learns from and begins with beside its inputs: files whose contents are
 * compared over ranks and with a checkpoint. {@link #toString} is the spelling in TOML.
 */
public enum ContentPart {
  CORPUS("corpus", "data.path"),
  TOKENIZER("tokenizer", "data.tokenizer"),
  /** The imported model that training starts from. */
  WEIGHTS("weights", "model.checkpoint");

  private final String spelling;
  private final String key;

  ContentPart(String spelling, String key) {
    this.spelling = spelling;
    this.key = key;
  }

  /** Returns the key of the input that names the files. */
  public String key() {
    return key;
  }

  /** Returns whether a key says where the files are, or what is taken of them. */
  public boolean isSaidBy(String other) {
    return other.equals(key) || this == CORPUS && other.startsWith("data.source.");
  }

  @Override
  public String toString() {
    return spelling;
  }
}
