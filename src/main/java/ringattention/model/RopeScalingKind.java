package ringattention.model;

/**
 * How rotary frequencies are changed for contexts longer than a model was first trained on. {@link
 * #toString} is the spelling in TOML, that of rope_type in a Hugging Face config.json.
 */
public enum RopeScalingKind {
  /** The frequencies as they are. */
  DEFAULT("default"),
  /** Every frequency is divided by the factor. */
  LINEAR("linear"),
  /** Low frequencies are divided by the factor, high ones stay, between them it is smooth. */
  LLAMA3("llama3"),
  /** As llama3, by the number of a pair; queries and keys are multiplied by a magnitude. */
  YARN("yarn"),
  /** Every frequency is divided by a number of its own, one of two by the length of the text. */
  LONGROPE("longrope");

  private final String spelling;

  RopeScalingKind(String spelling) {
    this.spelling = spelling;
  }

  @Override
  public String toString() {
    return spelling;
  }
}
