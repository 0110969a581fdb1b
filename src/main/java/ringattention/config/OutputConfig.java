package ringattention.config;

/** @param plots whether pictures are drawn at the end */
public record OutputConfig(boolean plots) {
  static OutputConfig read(Table table) {
    return new OutputConfig(table.flag("plots", true));
  }
}
