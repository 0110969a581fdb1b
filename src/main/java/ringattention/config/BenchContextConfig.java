package ringattention.config;

/** Section {@code [benchContext]}. */
public record BenchContextConfig() {
  static BenchContextConfig read(Table table) {
    return new BenchContextConfig();
  }
}
