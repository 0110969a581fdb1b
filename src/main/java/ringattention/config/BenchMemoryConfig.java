package ringattention.config;

/** Section {@code [benchMemory]}. */
public record BenchMemoryConfig() {
  static BenchMemoryConfig read(Table table) {
    return new BenchMemoryConfig();
  }
}
