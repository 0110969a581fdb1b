package ringattention.model;

import java.util.Locale;

/** How the feed-forward is computed. {@link #toString} is the spelling in TOML. */
public enum FeedForwardKind {
  /** In blocks of tokens. */
  BLOCKWISE,
  /** All tokens of a rank at once. */
  FULL;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
