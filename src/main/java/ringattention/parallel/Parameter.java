package ringattention.parallel;

import java.util.Arrays;

/**
 * One named weight.
 *
 * @param name as in a Hugging Face Llama checkpoint
 * @param initial how it starts
 */
public record Parameter(String name, Initial initial, long... shape) {
  /** How a weight starts. */
  public enum Initial {
    /** Normal with the configured standard deviation. */
    NORMAL,
    /** All ones. */
    ONES,
    /** All zeros. */
    ZEROS
  }

  public Parameter {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  public long elements() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}
