package ringattention.config;

/** How attention is computed: the paper's three. */
public enum AttentionKind {
  /** Whole score matrix; whole sequences on each rank. */
  VANILLA,
  /** Block by block with the online softmax; whole sequences on each rank. */
  MEMORY_EFFICIENT,
  /** Block by block, blocks passed around the ring. */
  RING
}
