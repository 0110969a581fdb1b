package ringattention.config;

/** How the feed-forward goes over the tokens of a shard. */
public enum FeedForwardKind {
  /** All tokens at once. */
  FULL,
  /** A block of tokens at a time. */
  BLOCKWISE
}
