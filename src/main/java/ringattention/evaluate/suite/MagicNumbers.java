package ringattention.evaluate.suite;

import java.util.HashSet;
import java.util.Set;
import ringattention.random.Seed;

/** Numbers of seven digits that are not in a text, none of them twice. */
final class MagicNumbers {
  private static final int LEAST = 1_000_000;
  private static final int FIRST_DRAW = 1 << 20; // what is drawn for something else is before

  private final Haystack haystack;
  private final Seed draws;
  private final Set<String> drawn = new HashSet<>();
  private long index = FIRST_DRAW;

  MagicNumbers(Haystack haystack, Seed draws) {
    this.haystack = haystack;
    this.draws = draws;
  }

  String next() {
    String number;
    do {
      number = Integer.toString(LEAST + Draw.below(9 * LEAST, draws, index++));
    } while (haystack.holds(number) || !drawn.add(number));
    return number;
  }
}
