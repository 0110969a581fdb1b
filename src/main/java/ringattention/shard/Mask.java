package ringattention.shard;

import java.util.Locale;

/**
 * Which keys a query sees: of a sequence by position, of a block pair by index (query i and key i
 * are the i-th of the pair). {@link #toString} is the spelling in TOML.
 */
public enum Mask {
  /** Its own and those before it. */
  CAUSAL,
  /** Every key. */
  FULL;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
