package ringattention.infer;

import java.util.Locale;

/** Where the weights lie while text is generated. {@link #toString} is the spelling in TOML. */
public enum WeightsKind {
  /** Whole on every rank where they fit beside the cache, otherwise sharded. */
  AUTO,
  /** Whole on every rank, in the type they are used in. */
  RESIDENT,
  /** A part on each rank; every block is gathered whenever it is needed. */
  SHARDED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
