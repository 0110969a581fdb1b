package ringattention.metrics;

/**
 * Floating-point operations of self-attention over sequences of s tokens; a multiply-add is two.
 * Two products of s x s x headSize per head make 4 s^2 heads headSize; a causal mask leaves half of
 * it, 2 s^2 heads headSize (the diagonal's s of s^2 is not counted).
 *
 * @param heads query heads; grouped keys and values change nothing
 * @param causal whether a query sees only the keys up to its own
 */
public record AttentionFlops(int heads, int headSize, boolean causal) {
  /**
   * Forward and backward over forward, as blockwise kernels execute it: two products forward, five
   * backward (scores again, dP, dV, dQ, dK).
   */
  public static final double FORWARD_AND_BACKWARD = 3.5;

  public AttentionFlops {
    if (heads < 1 || headSize < 1) {
      throw new IllegalArgumentException(
          "heads " + heads + " and head size " + headSize + " must be positive");
    }
  }

  /** One forward call on {@code batch} sequences. */
  public double forward(long batch, long sequence) {
    return forward((double) batch * sequence * sequence);
  }

  /**
   * One forward call on documents that do not see each other.
   *
   * @param squares the sum of their squared lengths
   */
  public double forward(double squares) {
    return (causal ? 2.0 : 4.0) * squares * heads * headSize;
  }

  /** One forward and one backward call on {@code batch} sequences. */
  public double forwardAndBackward(long batch, long sequence) {
    return FORWARD_AND_BACKWARD * forward(batch, sequence);
  }

  /** One forward and one backward call; as {@link #forward(double)}. */
  public double forwardAndBackward(double squares) {
    return FORWARD_AND_BACKWARD * forward(squares);
  }
}
