package ringattention.run;

import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;

/**
 * Section {@code [device]}.
 *
 * @param kind what a rank computes on
 * @param threads of one rank on the CPU; 0 divides the host's cores among its ranks
 * @param precision of a GPU; the CPU computes in single precision
 * @param deterministic whether a GPU must give the same bits every time
 * @param causalBlock the longest causal block that a GPU's fused attention gets in one call, in
 *     tokens
 * @param shared whether ranks may share a GPU
 */
public record DeviceConfig(
    DeviceKind kind,
    int threads,
    Precision precision,
    boolean deterministic,
    int causalBlock,
    boolean shared) {
  public static final Section<DeviceConfig> SECTION = Section.of("device", DeviceConfig::read);

  static DeviceConfig read(Table table) {
    return new DeviceConfig(
        table.choice("kind", DeviceKind.class, Default.of(DeviceKind.AUTO)),
        table
            .marked(Trait.FREE, Trait.OWN)
            .integer("threads", Range.between(0, 1024), Default.of(0)),
        table.choice("precision", Precision.class, Default.of(Precision.BF16)),
        table.flag("deterministic", Default.of(false)),
        table.integer("causalBlock", Range.atLeast(1), Default.of(65536)),
        table.marked(Trait.FREE, Trait.OWN).flag("shared", Default.of(false)));
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
