package ringattention.parallel;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * One named weight.
 *
 * @param name as in a Hugging Face Llama checkpoint
 * @param initial how it starts
 */
public record Parameter(String name, Initial initial, long... shape) {
  /** How a weight starts: a function of (seed, name, element index). */
  public sealed interface Initial {
    /** Normal with the configured standard deviation. */
    Initial NORMAL = new Normal(OptionalDouble.empty());

    /** All ones. */
    Initial ONES = new Constant(1);

    /** All zeros. */
    Initial ZEROS = new Constant(0);

    /** Returns a normal start with a standard deviation of its own. */
    static Initial normal(double standardDeviation) {
      return new Normal(OptionalDouble.of(standardDeviation));
    }

    /**
     * Returns a normal start that begins with numbers of another weight: with its first {@code
     * block} elements, then those from {@code stride} on, and so on. What is behind them has
     * numbers of its own.
     *
     * @param parameter the other's name; it must be normal with the same deviation
     * @param blocks how many are the other's
     */
    static Initial blocksOf(
        String parameter, double standardDeviation, long block, long stride, long blocks) {
      return new BlocksOf(parameter, standardDeviation, block, stride, blocks);
    }
  }

  /** Every element is the same. */
  record Constant(double value) implements Initial {}

  /** Normal; of the configured deviation unless it has one of its own. */
  record Normal(OptionalDouble standardDeviation) implements Initial {}

  /** See {@link Initial#blocksOf}. */
  record BlocksOf(String parameter, double standardDeviation, long block, long stride, long blocks)
      implements Initial {}

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
