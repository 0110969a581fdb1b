package ringattention.device;

/**
 * Normal random numbers as a pure function of (stream, index): SplitMix64 (Steele, Lea, Flood 2014)
 * on a Weyl sequence, then Box and Muller (1958). The uniform numbers are those of the
 * configuration's {@code Seed}, which this package may not import: the formula is repeated here and
 * in normal.cu.
 */
public final class NormalNumbers {
  private NormalNumbers() {}

  /** Standard normal. */
  public static double at(long stream, long index) {
    double radius = Math.sqrt(-2 * StrictMath.log(uniform(stream + 2 * index)));
    return radius * StrictMath.cos(2 * Math.PI * uniform(stream + 2 * index + 1));
  }

  /** In (0, 1]. */
  private static double uniform(long counter) {
    long z = counter * 0x9E3779B97F4A7C15L + 0x632BE59BD9B4E019L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return (((z ^ (z >>> 31)) >>> 11) + 1) * 0x1p-53;
  }
}
