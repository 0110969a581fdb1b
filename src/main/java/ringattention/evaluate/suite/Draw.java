package ringattention.evaluate.suite;

import ringattention.random.Seed;

/** Draws without putting back, each a function of a seed. */
final class Draw {
  private Draw() {}

  /** Returns the numbers from 0 to count - 1 in a random order (Fisher and Yates). */
  static int[] shuffled(int count, Seed seed) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int at = below(i + 1, seed, i);
      order[i] = order[at];
      order[at] = i;
    }
    return order;
  }

  /** Returns a number from 0 to count - 1. */
  static int below(int count, Seed seed, long index) {
    return (int) Long.remainderUnsigned(seed.bits(index), count);
  }
}
