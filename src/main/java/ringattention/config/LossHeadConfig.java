package ringattention.config;

/** @param block tokens whose logits exist at a time */
public record LossHeadConfig(int block) {
  static LossHeadConfig read(Table table) {
    return new LossHeadConfig(table.integer("block", 512, 1, Integer.MAX_VALUE));
  }
}
