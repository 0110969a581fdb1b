package ringattention.model;

/**
 * Angular frequencies of rotary position embedding, in radians per position: theta^(-2 i /
 * headSize) for i < headSize / 2 (Su et al. 2021), scaled as Hugging Face's transformers does, in
 * double.
 */
public final class RotaryFrequencies {
  private RotaryFrequencies() {}

  /** [headSize / 2] */
  public static double[] of(ModelConfig model) {
    double[] frequencies = new double[model.heads().size() / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double frequency = StrictMath.pow(model.ropeTheta(), -2.0 * i / model.heads().size());
      RopeScaling scaling = model.ropeScaling();
      frequencies[i] =
          switch (scaling.kind()) {
            case DEFAULT -> frequency;
            case LINEAR -> frequency / scaling.factor();
            case LLAMA3 -> llama3(frequency, scaling);
          };
    }
    return frequencies;
  }

  /** High frequencies stay, low ones are divided by the factor, between them it is smooth. */
  private static double llama3(double frequency, RopeScaling scaling) {
    double low = scaling.lowFrequencyFactor();
    double high = scaling.highFrequencyFactor();
    double turns = scaling.originalContext() * frequency / (2 * Math.PI); // in the old context
    if (turns > high) {
      return frequency;
    }
    if (turns < low) {
      return frequency / scaling.factor();
    }
    double smooth = (turns - low) / (high - low);
    return (1 - smooth) * frequency / scaling.factor() + smooth * frequency;
  }
}
