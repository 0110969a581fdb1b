package ringattention.config;

/** Section {@code [benchScaling]}. */
public record BenchScalingConfig() {
  static BenchScalingConfig read(Table table) {
    return new BenchScalingConfig();
  }
}
