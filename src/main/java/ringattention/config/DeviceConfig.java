package ringattention.config;

/**
 * Section {@code [device]}.
 *
 * @param kind what a rank computes on
 * @param threads of one rank on the CPU; 0 divides the host's cores among its ranks
 */
public record DeviceConfig(DeviceKind kind, int threads) {
  static DeviceConfig read(Table table) {
    DeviceKind kind = table.choice("kind", DeviceKind.class, Default.of(DeviceKind.AUTO));
    table.require(
        kind != DeviceKind.CUDA, "kind", "this build has no GPU device, use \"auto\" or \"cpu\"");
    return new DeviceConfig(kind, table.integer("threads", Range.atLeast(0), Default.of(0)));
  }

  /**
   * Threads of one rank, at least 1.
   *
   * @param cores of the host
   * @param localRanks ranks on the host
   */
  public int threads(int cores, int localRanks) {
    return threads > 0 ? threads : Math.max(1, cores / localRanks);
  }
}
