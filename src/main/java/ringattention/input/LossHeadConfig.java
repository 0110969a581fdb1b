package ringattention.input;

/**
 * Section {@code [lossHead]}.
 *
 * @param block tokens whose logits are in memory at a time
 */
public record LossHeadConfig(int block) {
  static LossHeadConfig read(Table table) {
    return new LossHeadConfig(table.integer("block", Range.atLeast(1), Default.of(512)));
  }
}
