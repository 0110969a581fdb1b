package ringattention.metrics;

/**
 * How often the backwards of all blocks of a model compute a part of a block's forward again.
 *
 * @param attention of all heads
 * @param projections the products of queries, keys and values
 * @param normed the products of queries and keys alone, whose norms need them for their gradients
 * @param feedForward the products of attention's output, gate and up
 */
public record Recompute(int attention, int projections, int normed, int feedForward) {
  public Recompute {
    if (attention < 0 || projections < 0 || normed < 0 || feedForward < 0) {
      throw new IllegalArgumentException("computed again less than never");
    }
  }

  /** Every product of so many blocks, attention of some of them. */
  public static Recompute products(int layers, int attention) {
    return new Recompute(attention, layers, 0, layers);
  }
}
