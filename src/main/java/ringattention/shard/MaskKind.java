package ringattention.shard;

import java.util.Locale;

/** Which positions a position sees. {@link #toString} is the spelling in TOML. */
public enum MaskKind {
  /** Itself and those before it. */
  CAUSAL,
  /** All. */
  FULL;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
