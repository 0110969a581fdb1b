package ringattention.report;

import static ringattention.report.TextTable.Align.LEFT;
import static ringattention.report.TextTable.Align.RIGHT;

import java.util.List;
import ringattention.metrics.Mfu;
import ringattention.metrics.StepFlops;

/**
 * MFU in the three counts, each with its formula; {@code docs/performance.md} names the symbols.
 *
 * @param flops of one step over all devices
 */
public record MfuTable(StepFlops flops, Mfu shares) {
  public List<String> lines() {
    TextTable table =
        new TextTable(LEFT, RIGHT, RIGHT, LEFT).row("count", "FLOPs a step", "MFU %", "formula");
    row(
        table,
        "causal-exact",
        flops.causalExact(),
        shares.causalExact(),
        "3 (2 b s (L block + head) + L 2 b s^2 n d)");
    row(table, "paper", flops.paper(), shares.paper(), "3 L (24 b s h^2 + 4 b s^2 h)");
    row(
        table,
        "hardware",
        flops.hardware(),
        shares.hardware(),
        "2 b s (3 (L block + head) + again) + (3.5 L + R) 2 b s^2 n d");
    return table.lines();
  }

  private static void row(
      TextTable table, String count, double flops, double share, String formula) {
    table.row(count, Units.format("%.4e", flops), Units.format("%.1f", 100 * share), formula);
  }
}
