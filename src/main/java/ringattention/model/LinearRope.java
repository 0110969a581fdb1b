package ringattention.model;

import java.util.Arrays;

/**
 * Every frequency is divided by the factor, as if positions were: position interpolation (Chen et
 * al. 2023).
 */
public record LinearRope(double factor) implements RopeScaling {
  @Override
  public RopeScalingKind kind() {
    return RopeScalingKind.LINEAR;
  }

  @Override
  public double[] frequencies(double theta, int headSize) {
    return Arrays.stream(NONE.frequencies(theta, headSize))
        .map(frequency -> frequency / factor)
        .toArray();
  }
}
