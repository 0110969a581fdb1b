package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;

import java.util.Arrays;

/**
 * The shape of a tile of transposed scores, [keys, queries]: a vector holds one key for neighbouring queries, so a softmax over the
 * keys never crosses lanes, and queries that are no multiple of the vector width only leave lanes unused.
 */
final class ScoreTile {
  /** Queries of a tile. Measured on AVX-512: larger tiles leave the second-level cache, smaller ones starve the products. */
  static final int QUERIES = 256;

  /** Keys of a tile. */
  static final int KEYS = 192;

  /** Distance of rows: one cache line more than the queries, or all rows would fall into the same cache sets. */
  static final int STRIDE = QUERIES + 16;

  static final long BYTES = (long) KEYS * STRIDE * Float.BYTES;

  private ScoreTile() {}

  /** First column of the block of queries that may see a key at or after {@code key}, rounded down to a whole vector. */
  static int firstColumn(boolean causal, int firstQuery, int key) {
    return causal ? Math.max(0, key - firstQuery) / WIDTH * WIDTH : 0;
  }

  /** Sets scores of keys after their query to minus infinity. Column 0 is {@code query}, row 0 is {@code key}. */
  static void mask(float[] tile, int query, int columns, int key, int rows) {
    for (int row = Math.max(0, query - key); row < rows; row++) {
      int visibleFrom = Math.min(columns, key + row - query);
      Arrays.fill(tile, row * STRIDE, row * STRIDE + visibleFrom, Float.NEGATIVE_INFINITY);
    }
  }
}
