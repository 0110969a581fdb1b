package ringattention.model;

/** Angular frequencies of rotary position embedding (Su et al. 2021), in double. */
public final class RotaryFrequencies {
  private RotaryFrequencies() {}

  /** Returns those of a model in radians per position, [headSize / 2]. */
  public static double[] of(ModelConfig model) {
    return model.ropeScaling().frequencies(model.ropeTheta(), model.heads().size());
  }
}
