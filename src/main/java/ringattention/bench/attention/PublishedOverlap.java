package ringattention.bench.attention;

/**
 * A row of table 2 of the paper (Liu, Zaharia, Abbeel 2023, section 3): peak figures of hardware,
 * bf16, no causal mask, no grouped queries; the block is F / B, the sequence six blocks. Figures
 * are those that the paper prints.
 */
public enum PublishedOverlap {
  A100_NVLINK("A100 NVLink", 312, 300, 1.0e3, 6.2e3),
  A100_INFINIBAND("A100 InfiniBand", 312, 12.5, 24.5e3, 149.5e3),
  TPU_V3("TPUv3", 123, 112, 1.1e3, 6.6e3),
  TPU_V4("TPUv4", 275, 268, 1.0e3, 6.2e3),
  TPU_V5E("TPUv5e", 196, 186, 1.1e3, 6.3e3);

  private final String title;
  private final double tflops;
  private final double gbytesPerS;
  private final double blockTokens;
  private final double sequenceTokens;

  PublishedOverlap(
      String title, double tflops, double gbytesPerS, double blockTokens, double sequenceTokens) {
    this.title = title;
    this.tflops = tflops;
    this.gbytesPerS = gbytesPerS;
    this.blockTokens = blockTokens;
    this.sequenceTokens = sequenceTokens;
  }

  String title() {
    return title;
  }

  double tflops() {
    return tflops;
  }

  double gbytesPerS() {
    return gbytesPerS;
  }

  double blockTokens() {
    return blockTokens;
  }

  double sequenceTokens() {
    return sequenceTokens;
  }
}
