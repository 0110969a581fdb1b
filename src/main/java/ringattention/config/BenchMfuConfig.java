package ringattention.config;

/** Section {@code [benchMfu]}. */
public record BenchMfuConfig() {
  static BenchMfuConfig read(Table table) {
    return new BenchMfuConfig();
  }
}
