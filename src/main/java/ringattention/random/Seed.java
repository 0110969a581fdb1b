package ringattention.random;

import java.nio.charset.StandardCharsets;

/**
 * Random numbers as a pure function of (seed, name, index): no state, so any rank can make its part
 * alone and the numbers do not depend on how many ranks there are.
 *
 * @param stream state shared by all indices; made by {@link #of}
 */
public record Seed(long stream) {
  /**
   * @param name what the numbers are for; different names give unrelated numbers
   */
  public static Seed of(long seed, String name) {
    long hash = 0xCBF29CE484222325L; // FNV-1a, 64 bits
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
    }
    return new Seed(mix(seed ^ hash));
  }

  /** 64 random bits. */
  public long bits(long index) {
    return mix(stream + index);
  }

  /** Uniform in (0, 1]. */
  public double uniform(long index) {
    return ((bits(index) >>> 11) + 1) * 0x1p-53;
  }

  /**
   * Bell-shaped with mean 0 and variance 1, within +-2 sqrt(3): the sum of four uniform 16-bit
   * numbers. Cheap, for test data.
   */
  public double bell(long index) {
    long bits = bits(index);
    long sum = (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
    return (sum - 2 * 65535.0) / 65536 * Math.sqrt(3);
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood 2014) on a Weyl sequence. */
  private static long mix(long counter) {
    long z = counter * 0x9E3779B97F4A7C15L + 0x632BE59BD9B4E019L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
