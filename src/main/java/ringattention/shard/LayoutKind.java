package ringattention.shard;

import java.util.Locale;

/**
 * Which positions of the sequence a rank of the ring holds. {@link #toString} is the spelling in
 * TOML.
 */
public enum LayoutKind {
  /** One run of positions. */
  CONTIGUOUS,
  /** One run from the front and one from the back, which balances causal work. */
  ZIGZAG,
  /** Every n-th position. */
  STRIPED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
