package ringattention.config;

/** @param block tokens taken at a time where blockwise; the projections follow it */
public record FeedForwardConfig(FeedForwardKind kind, int block) {
  static FeedForwardConfig read(Table table) {
    return new FeedForwardConfig(
        table.choice("kind", FeedForwardKind.BLOCKWISE),
        table.integer("block", 2048, 1, Integer.MAX_VALUE));
  }
}
