package ringattention.environment;

import ringattention.random.Seed;

/** Normal numbers, as functions of a seed and an index, with the same bits on every processor. */
final class Normal {
  private Normal() {}

  /** Returns one of mean 0 and variance 1 (Box and Muller's method, the cosine alone). */
  static double of(Seed seed, long index) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(seed.uniform(2 * index)));
    return radius * StrictMath.cos(2 * Math.PI * seed.uniform(2 * index + 1));
  }
}
