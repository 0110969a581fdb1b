package ringattention.model;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;

/**
 * Section {@code [feedForward]}.
 *
 * @param kind in blocks of tokens, or all at once
 * @param block tokens per block
 */
public record FeedForwardConfig(FeedForwardKind kind, int block) {
  public static final Section<FeedForwardConfig> SECTION =
      Section.of("feedForward", FeedForwardConfig::read);

  static FeedForwardConfig read(Table table) {
    return new FeedForwardConfig(
        table.choice("kind", FeedForwardKind.class, Default.of(FeedForwardKind.BLOCKWISE)),
        table.integer("block", Range.atLeast(1), Default.of(2048)));
  }
}
