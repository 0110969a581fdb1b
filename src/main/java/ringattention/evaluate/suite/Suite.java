package ringattention.evaluate.suite;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntFunction;

/** Makes the contexts of a test, each a function of its place and the seed. */
interface Suite {
  /**
   * Which context.
   *
   * @param length tokens that it is to have
   * @param depth percent, where the suite tries several
   * @param number of the contexts of this length and depth, from 1
   */
  record Place(int length, OptionalInt depth, int number) {
    /** Returns a name that no other place has. */
    String id() {
      return length + (depth.isPresent() ? "/" + depth.getAsInt() + "%" : "") + "/" + number;
    }
  }

  /**
   * How a context is made.
   *
   * @param least pieces of filler that it must have
   * @param most pieces of filler that there are
   * @param make makes it with so many pieces; more are more tokens
   */
  record Recipe(int least, int most, IntFunction<Context> make) {}

  /** Returns the depths to try, percent; one that is empty where values lie anywhere. */
  List<OptionalInt> depths();

  Recipe recipe(Place place);
}
