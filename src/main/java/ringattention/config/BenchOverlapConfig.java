package ringattention.config;

/** Section {@code [benchOverlap]}. */
public record BenchOverlapConfig() {
  static BenchOverlapConfig read(Table table) {
    return new BenchOverlapConfig();
  }
}
