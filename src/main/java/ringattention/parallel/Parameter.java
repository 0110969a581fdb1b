package ringattention.parallel;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * One named weight, whole or one of equal parts along a dimension.
 *
 * @param name as in a Hugging Face Llama checkpoint
 * @param initial how it starts
 * @param cut which part it is
 * @param shape of the part
 */
public record Parameter(String name, Initial initial, Cut cut, long... shape) {
  /**
   * Which part of a weight.
   *
   * @param dimension that is cut
   * @param part from 0 on
   * @param parts how many there are; 1: the weight is whole
   */
  public record Cut(int dimension, int part, int parts) {
    static final Cut NONE = new Cut(0, 0, 1);

    public Cut {
      if (dimension < 0 || part < 0 || part >= parts) {
        throw new IllegalArgumentException("part " + part + " of " + parts);
      }
    }
  }

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

  /** Makes a whole weight. */
  public Parameter(String name, Initial initial, long... shape) {
    this(name, initial, Cut.NONE, shape);
  }

  /**
   * Returns one of equal parts of this whole weight.
   *
   * @throws IllegalArgumentException if it cannot be cut so
   */
  public Parameter part(int dimension, int part, int parts) {
    long[] held = shape.clone();
    if (isCut() || held[dimension] % parts != 0) {
      throw new IllegalArgumentException(
          name + " " + Arrays.toString(shape) + " has no " + parts + " parts along " + dimension);
    }
    held[dimension] /= parts;
    return new Parameter(name, initial, new Cut(dimension, part, parts), held);
  }

  /** Whether it is a part of a weight. */
  public boolean isCut() {
    return cut.parts > 1;
  }

  /** Returns the weight that this is a part of, or this. */
  public Parameter whole() {
    if (!isCut()) {
      return this;
    }
    long[] all = shape.clone();
    all[cut.dimension] *= cut.parts;
    return new Parameter(name, initial, all);
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  public long elements() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** Returns how many elements of this part at a time are neighbours in the whole weight too. */
  public long together() {
    return Arrays.stream(shape).skip(cut.dimension).reduce(1, Math::multiplyExact);
  }

  /** Elements of a part that are neighbours in the whole weight too. */
  @FunctionalInterface
  public interface Run {
    /**
     * @param from first element, counted from where the runs begin
     * @param length elements
     * @param index of the first element, counted in the whole weight (row-major)
     */
    void accept(long from, long length, long index);
  }

  /**
   * Visits elements of this part, in order, as they lie in the whole weight.
   *
   * @param first element, counted in this part (row-major)
   * @param count elements
   */
  public void runs(long first, long count, Run run) {
    long together = together();
    long done = 0;
    while (done < count) {
      long row = (first + done) / together;
      long within = (first + done) % together;
      long length = Math.min(count - done, together - within);
      run.accept(done, length, (row * cut.parts + cut.part) * together + within);
      done += length;
    }
  }
}
