package ringattention.model;

import java.util.OptionalLong;

/**
 * YaRN (Peng et al. 2023): pairs that turn often in the old context stay, those that turn seldom
 * are divided by the factor, in between it is a ramp over the number of the pair; and attention is
 * sharpened by a magnitude of queries and keys.
 *
 * @param originalContext positions the model was first trained on
 * @param attentionFactor the magnitude
 * @param betaFast turns in the old context above which a pair stays
 * @param betaSlow turns below which it is divided by the factor
 * @param truncate whether the ramp begins and ends at whole pairs
 */
public record YarnRope(
    double factor,
    int originalContext,
    double attentionFactor,
    double betaFast,
    double betaSlow,
    boolean truncate)
    implements RopeScaling {
  private static final double NO_RAMP = 0.001; // what transformers makes of one of no length

  /** Returns the magnitude that goes with a factor. */
  public static double attentionFactor(double factor) {
    return attentionFactor(factor, 1);
  }

  /** As {@link #attentionFactor(double)}, with a weight of the factor's logarithm. */
  public static double attentionFactor(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * StrictMath.log(factor) + 1;
  }

  @Override
  public RopeScalingKind kind() {
    return RopeScalingKind.YARN;
  }

  @Override
  public double magnitude() {
    return attentionFactor;
  }

  /**
   * @param theta other than 1, for then no pair turns seldom
   */
  @Override
  public double[] frequencies(double theta, int headSize) {
    double low = pair(betaFast, theta, headSize);
    double high = pair(betaSlow, theta, headSize);
    if (truncate) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, headSize - 1);
    double length = low == high ? NO_RAMP : high - low;
    double[] frequencies = NONE.frequencies(theta, headSize);
    for (int i = 0; i < frequencies.length; i++) {
      double divided = Math.max(0, Math.min(1, (i - low) / length));
      frequencies[i] = frequencies[i] / factor * divided + frequencies[i] * (1 - divided);
    }
    return frequencies;
  }

  /** Returns which pair, as a fraction, turns so often in the old context. */
  private double pair(double turns, double theta, int headSize) {
    double wavelength = originalContext / (turns * 2 * Math.PI);
    return headSize * StrictMath.log(wavelength) / (2 * StrictMath.log(theta));
  }

  @Override
  public OptionalLong reach() {
    return OptionalLong.of(Math.round(factor * originalContext));
  }
}
