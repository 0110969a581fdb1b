package ringattention.model;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;

/**
 * Section {@code [lossHead]}.
 *
 * @param block tokens whose logits are in memory at a time
 */
public record LossHeadConfig(int block) {
  public static final Section<LossHeadConfig> SECTION =
      Section.of("lossHead", LossHeadConfig::read);

  static LossHeadConfig read(Table table) {
    return new LossHeadConfig(table.integer("block", Range.atLeast(1), Default.of(512)));
  }
}
