package ringattention.device;

/** Which keys a query of a block pair sees. */
public enum Mask {
  /** Every query sees every key. */
  FULL,
  /** Query i sees keys 0 to i of the pair (top-left aligned). */
  CAUSAL
}
