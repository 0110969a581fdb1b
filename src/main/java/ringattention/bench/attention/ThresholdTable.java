package ringattention.bench.attention;

import java.util.List;
import ringattention.report.BenchTable;

/** The columns of {@code overlap_threshold.csv}: the paper's table 2, then what was found here. */
public final class ThresholdTable {
  /**
   * The smallest block that hides its exchange; NaN where a number is not known.
   *
   * @param source {@code paper} or {@code here}
   * @param tflops F, in TFLOP/s
   * @param gbytesPerS B, in GB/s
   * @param ratio F / B: causal masks, grouped queries and gradients left out
   * @param bound what the measured tokens are
   * @param sequence tokens of a rank's smallest sequence
   */
  record Row(
      String source,
      String network,
      RingPass pass,
      double tflops,
      double gbytesPerS,
      double ratio,
      double formula,
      double hiding,
      double predicted,
      double measured,
      String bound,
      double sequence) {}

  /**
   * Table 2 of the paper (Liu, Zaharia, Abbeel 2023, section 3): peak figures of hardware, bf16, no
   * causal mask, no grouped queries; the block is F / B, the sequence six blocks. Figures are those
   * that the paper prints.
   */
  static final List<Row> PAPER =
      List.of(
          paper("A100 NVLink", 312, 300, 1.0e3, 6.2e3),
          paper("A100 InfiniBand", 312, 12.5, 24.5e3, 149.5e3),
          paper("TPUv3", 123, 112, 1.1e3, 6.6e3),
          paper("TPUv4", 275, 268, 1.0e3, 6.2e3),
          paper("TPUv5e", 196, 186, 1.1e3, 6.3e3));

  private ThresholdTable() {}

  static BenchTable<Row> thresholds() {
    return new BenchTable<Row>()
        .column("source", "%-6s", Row::source)
        .column("network", "%15s", Row::network)
        .column("pass", "%s", row -> row.pass().title())
        .column("attention_tflops", "TFLOP/s", "%.4f", Row::tflops)
        .column("bandwidth_gbytes_per_s", "GB/s", "%.3f", Row::gbytesPerS)
        .column("ratio_tokens", "F/B", "%.0f", Row::ratio)
        .column("formula_tokens", "%.0f", Row::formula)
        .column("hiding_tokens", "%.0f", Row::hiding)
        .column("predicted_tokens", "%.0f", Row::predicted)
        .column("measured_tokens", "%.0f", Row::measured)
        .column("measured_bound", "%9s", Row::bound)
        .column("sequence_tokens", "%.0f", Row::sequence);
  }

  private static Row paper(
      String network, double tflops, double gbytesPerS, double hiding, double sequence) {
    return new Row(
        "paper",
        network,
        RingPass.FORWARD,
        tflops,
        gbytesPerS,
        tflops / gbytesPerS * 1e3,
        Double.NaN,
        hiding,
        Double.NaN,
        Double.NaN,
        "none",
        sequence);
  }
}
