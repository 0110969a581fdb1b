package ringattention.bench.attention;

import java.util.List;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;

/** The columns of {@code overlap_threshold.csv}: the paper's table 2, then what was found here. */
public final class ThresholdTable {
  private final BenchTable table =
      new BenchTable(
          List.of(
              new Column("source", "", "%-6s"),
              new Column("network", "", "%15s"),
              new Column("pass", "", "%s"),
              new Column("attention_tflops", "TFLOP/s", "%.4f"),
              new Column("bandwidth_gbytes_per_s", "GB/s", "%.3f"),
              new Column("ratio_tokens", "F/B", "%.0f"),
              new Column("formula_tokens", "", "%.0f"),
              new Column("hiding_tokens", "", "%.0f"),
              new Column("predicted_tokens", "", "%.0f"),
              new Column("measured_tokens", "", "%.0f"),
              new Column("measured_bound", "", "%9s"),
              new Column("sequence_tokens", "", "%.0f")));

  List<String> header() {
    return table.header();
  }

  /** Adds a row and returns its line. */
  String row(PublishedOverlap paper) {
    return table.row(
        "paper",
        paper.title(),
        RingPass.FORWARD.title(),
        paper.tflops(),
        paper.gbytesPerS(),
        paper.tflops() / paper.gbytesPerS() * 1e3,
        Double.NaN,
        paper.blockTokens(),
        Double.NaN,
        Double.NaN,
        "none",
        paper.sequenceTokens());
  }

  /** Adds a row and returns its line. */
  String row(OverlapThreshold found) {
    return table.row(
        "here",
        found.network(),
        found.pass().title(),
        found.flopsPerS() * 1e-12,
        found.bytesPerS() * 1e-9,
        found.ratio(),
        found.formula(),
        found.hiding(),
        found.predicted(),
        found.measured().tokens(),
        found.measured().bound().name(),
        found.sequence());
  }

  String csv() {
    return table.csv();
  }
}
