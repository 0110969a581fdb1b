package ringattention.config;

/** Which keys a query sees. */
public enum MaskKind {
  CAUSAL,
  FULL
}
