package ringattention.input;

/**
 * Section {@code [feedForward]}.
 *
 * @param kind in blocks of tokens, or all at once
 * @param block tokens per block
 */
public record FeedForwardConfig(FeedForwardKind kind, int block) {
  static FeedForwardConfig read(Table table) {
    return new FeedForwardConfig(
        table.choice("kind", FeedForwardKind.class, Default.of(FeedForwardKind.BLOCKWISE)),
        table.integer("block", Range.atLeast(1), Default.of(2048)));
  }
}
