package ringattention.model;

import java.util.List;
import java.util.OptionalLong;

/**
 * LongRoPE (Ding et al. 2024): every frequency is divided by a number of its own, one for texts
 * within the old context and one for longer texts.
 *
 * @param shortFactors [headSize / 2], of texts that the old context holds
 * @param longFactors [headSize / 2], of longer texts
 * @param factor how much longer the context became
 * @param originalContext positions the model was first trained on
 * @param attentionFactor the magnitude of queries and keys, whatever the length
 * @param longer whether the long factors are in use
 */
public record LongRope(
    List<Double> shortFactors,
    List<Double> longFactors,
    double factor,
    int originalContext,
    double attentionFactor,
    boolean longer)
    implements RopeScaling {
  public LongRope {
    shortFactors = List.copyOf(shortFactors);
    longFactors = List.copyOf(longFactors);
  }

  /**
   * Returns the magnitude that goes with a factor.
   *
   * @param originalContext at least 2
   */
  public static double attentionFactor(double factor, int originalContext) {
    return factor <= 1
        ? 1
        : Math.sqrt(1 + StrictMath.log(factor) / StrictMath.log(originalContext));
  }

  @Override
  public RopeScalingKind kind() {
    return RopeScalingKind.LONGROPE;
  }

  @Override
  public double magnitude() {
    return attentionFactor;
  }

  @Override
  public double[] frequencies(double theta, int headSize) {
    double[] frequencies = NONE.frequencies(theta, headSize);
    List<Double> divisors = longer ? longFactors : shortFactors;
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] /= divisors.get(i);
    }
    return frequencies;
  }

  @Override
  public OptionalLong reach() {
    return OptionalLong.of(Math.round(factor * originalContext));
  }

  @Override
  public LongRope forLength(long positions) {
    return new LongRope(
        shortFactors,
        longFactors,
        factor,
        originalContext,
        attentionFactor,
        positions > originalContext);
  }
}
