package ringattention.bench.attention;

import ringattention.report.BenchTable;

/** The columns of {@code overlap.csv}; {@code docs/performance.md} derives them. */
public final class OverlapTable {
  /**
   * A pass of one block size over one network.
   *
   * @param limit of the bandwidth in bytes/s, 0 for none
   * @param wrong results of both passes
   */
  record Row(
      OverlapModel model, double limit, int tokens, OverlapPasses.Wait measured, long wrong) {}

  private OverlapTable() {}

  static BenchTable<Row> blocks() {
    return new BenchTable<Row>()
        .column("pass", "%s", row -> row.model().pass().title())
        .column("limit_gbytes_per_s", "GB/s", "%.3f", row -> row.limit() * 1e-9)
        .column("block_tokens", "%d", Row::tokens)
        .column("attention_tflops", "TFLOP/s", "%.4f", row -> attention(row) * 1e-12)
        .column("message_bytes", "B", "%d", row -> row.model().messageBytes(row.tokens()))
        .column("bandwidth_gbytes_per_s", "GB/s", "%.3f", row -> bandwidth(row) * 1e-9)
        .column("compute_ms", "ms", "%.4f", row -> row.model().computeS(row.tokens()) * 1e3)
        .column("message_ms", "ms", "%.4f", row -> row.model().messageS(row.tokens()) * 1e3)
        .column("predicted_wait_ms", "ms", "%.4f", row -> row.model().waitS(row.tokens()) * 1e3)
        .column("measured_wait_ms", "ms", "%.4f", row -> row.measured().waitS() * 1e3)
        .column("predicted_fraction", "%.4f", row -> row.model().fraction(row.tokens()))
        .column("measured_fraction", "%.4f", row -> row.measured().fraction())
        .column("wrong", "%d", Row::wrong);
  }

  private static double attention(Row row) {
    return row.model().attention().at(row.tokens());
  }

  private static double bandwidth(Row row) {
    return row.model().messageBytes(row.tokens()) / row.model().messageS(row.tokens());
  }
}
