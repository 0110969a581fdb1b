package ringattention.model;

/** No scaling: theta^(-2 i / headSize) for i < headSize / 2 (Su et al. 2021). */
public record PlainRope() implements RopeScaling {
  @Override
  public RopeScalingKind kind() {
    return RopeScalingKind.DEFAULT;
  }

  @Override
  public double[] frequencies(double theta, int headSize) {
    double[] frequencies = new double[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = StrictMath.pow(theta, -2.0 * i / headSize);
    }
    return frequencies;
  }
}
