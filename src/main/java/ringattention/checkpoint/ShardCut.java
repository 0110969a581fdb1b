package ringattention.checkpoint;

import java.util.OptionalLong;
import ringattention.parallel.Parameter;

/**
 * Which elements of a weight the part of a tensor rank has: of all runs of so many elements every
 * parts-th.
 *
 * @param width of a run, in elements
 * @param part its first run
 * @param parts of the weight; 1: all elements are in it
 */
record ShardCut(long width, int part, int parts) {
  static final ShardCut NONE = new ShardCut(Long.MAX_VALUE, 0, 1);

  static ShardCut of(Parameter parameter) {
    return parameter.isCut()
        ? new ShardCut(parameter.together(), parameter.cut().part(), parameter.cut().parts())
        : NONE;
  }

  /** Returns an element's number in the part; empty if it is in another. */
  OptionalLong held(long element) {
    long run = element / width;
    return run % parts == part
        ? OptionalLong.of(run / parts * width + element % width)
        : OptionalLong.empty();
  }

  /** Returns how many elements of the weight, from this one of the part on, follow in the part. */
  long following(long element) {
    return width - element % width;
  }
}
