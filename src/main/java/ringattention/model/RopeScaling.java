package ringattention.model;

import java.util.OptionalLong;

/**
 * What becomes of the rotary frequencies in contexts longer than a model was first trained on. Each
 * kind computes what {@code modeling_rope_utils} of Hugging Face's transformers does, in double.
 */
public sealed interface RopeScaling permits PlainRope, LinearRope, Llama3Rope, YarnRope, LongRope {
  /** The frequencies as they are. */
  RopeScaling NONE = new PlainRope();

  RopeScalingKind kind();

  /**
   * Returns the frequencies in radians per position, [headSize / 2].
   *
   * @param theta their base
   */
  double[] frequencies(double theta, int headSize);

  /** Returns what cosines and sines are multiplied by: transformers' attention factor. */
  default double magnitude() {
    return 1;
  }

  /** Returns how many positions it was made for; empty if it does not know. */
  default OptionalLong reach() {
    return OptionalLong.empty();
  }

  /** Returns the scaling of texts that need so many positions. */
  default RopeScaling forLength(long positions) {
    return this;
  }
}
