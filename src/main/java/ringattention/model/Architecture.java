package ringattention.model;

import java.util.Locale;

/**
 * The architectures that the paper compares (Liu et al. 2023, tables 1 and 3). {@link #toString} is
 * the spelling in TOML and in tables.
 */
public enum Architecture {
  VANILLA(AttentionKind.VANILLA, FeedForwardKind.FULL, "vanilla"),
  MEMORY_EFFICIENT(
      AttentionKind.MEMORY_EFFICIENT, FeedForwardKind.FULL, "memory-efficient attention"),
  BLOCKWISE(AttentionKind.MEMORY_EFFICIENT, FeedForwardKind.BLOCKWISE, "+ blockwise feed-forward"),
  RING(AttentionKind.RING, FeedForwardKind.BLOCKWISE, "ring attention");

  private final AttentionKind attention;
  private final FeedForwardKind feedForward;
  private final String title;

  Architecture(AttentionKind attention, FeedForwardKind feedForward, String title) {
    this.attention = attention;
    this.feedForward = feedForward;
    this.title = title;
  }

  public AttentionKind attention() {
    return attention;
  }

  public FeedForwardKind feedForward() {
    return feedForward;
  }

  /** The paper's words. */
  public String title() {
    return title;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
