package ringattention.model;

/**
 * Scaling of the rotary frequencies, under the names of a Hugging Face config.json.
 *
 * @param factor by which frequencies are divided; 1 with {@link RopeScalingKind#DEFAULT}
 * @param lowFrequencyFactor wavelengths above originalContext / this are scaled (llama3)
 * @param highFrequencyFactor wavelengths below originalContext / this stay (llama3)
 * @param originalContext positions the model was first trained on (llama3)
 */
public record RopeScaling(
    RopeScalingKind kind,
    double factor,
    double lowFrequencyFactor,
    double highFrequencyFactor,
    int originalContext) {
  /** No scaling. */
  public static final RopeScaling NONE = new RopeScaling(RopeScalingKind.DEFAULT, 1, 1, 4, 8192);
}
