package ringattention.model;

import java.util.Locale;

/** How attention is computed. {@link #toString} is the spelling in TOML. */
public enum AttentionKind {
  /** Blocks of keys and values pass around the ring of ranks. */
  RING,
  /** Blockwise on one rank (Rabe and Staats 2021). */
  MEMORY_EFFICIENT,
  /** The whole score matrix on one rank. */
  VANILLA;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
