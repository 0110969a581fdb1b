package ringattention.model;

import java.util.Arrays;
import java.util.OptionalLong;

/**
 * High frequencies stay, low ones are divided by the factor, between them it is smooth: that of
 * Llama 3.1.
 *
 * @param lowFrequencyFactor wavelengths above originalContext / this are scaled
 * @param highFrequencyFactor wavelengths below originalContext / this stay
 * @param originalContext positions the model was first trained on
 */
public record Llama3Rope(
    double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext)
    implements RopeScaling {
  @Override
  public RopeScalingKind kind() {
    return RopeScalingKind.LLAMA3;
  }

  @Override
  public double[] frequencies(double theta, int headSize) {
    return Arrays.stream(NONE.frequencies(theta, headSize)).map(this::scaled).toArray();
  }

  private double scaled(double frequency) {
    double turns = originalContext * frequency / (2 * Math.PI); // in the old context
    if (turns > highFrequencyFactor) {
      return frequency;
    }
    if (turns < lowFrequencyFactor) {
      return frequency / factor;
    }
    double smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return (1 - smooth) * frequency / factor + smooth * frequency;
  }

  @Override
  public OptionalLong reach() {
    return OptionalLong.of(Math.round(factor * originalContext));
  }
}
