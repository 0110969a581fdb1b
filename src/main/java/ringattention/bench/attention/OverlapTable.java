package ringattention.bench.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;

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

  private record Field(Column column, Function<Row, Object> value) {}

  private final List<Field> fields = new ArrayList<>();
  private final BenchTable table;

  OverlapTable() {
    add("pass", "", "%s", row -> row.model().pass().title());
    add("limit_gbytes_per_s", "GB/s", "%.3f", row -> row.limit() * 1e-9);
    add("block_tokens", "", "%d", Row::tokens);
    add("attention_tflops", "TFLOP/s", "%.4f", row -> attention(row) * 1e-12);
    add("message_bytes", "B", "%d", row -> row.model().messageBytes(row.tokens()));
    add("bandwidth_gbytes_per_s", "GB/s", "%.3f", row -> bandwidth(row) * 1e-9);
    add("compute_ms", "ms", "%.4f", row -> row.model().computeS(row.tokens()) * 1e3);
    add("message_ms", "ms", "%.4f", row -> row.model().messageS(row.tokens()) * 1e3);
    add("predicted_wait_ms", "ms", "%.4f", row -> row.model().waitS(row.tokens()) * 1e3);
    add("measured_wait_ms", "ms", "%.4f", row -> row.measured().waitS() * 1e3);
    add("predicted_fraction", "", "%.4f", row -> row.model().fraction(row.tokens()));
    add("measured_fraction", "", "%.4f", row -> row.measured().fraction());
    add("wrong", "", "%d", Row::wrong);
    this.table = new BenchTable(fields.stream().map(Field::column).toList());
  }

  private void add(String name, String unit, String format, Function<Row, Object> value) {
    fields.add(new Field(new Column(name, unit, format), value));
  }

  private static double attention(Row row) {
    return row.model().attention().at(row.tokens());
  }

  private static double bandwidth(Row row) {
    return row.model().messageBytes(row.tokens()) / row.model().messageS(row.tokens());
  }

  List<String> header() {
    return table.header();
  }

  /** Adds a row and returns its line. */
  String row(Row row) {
    return table.row(fields.stream().map(field -> field.value().apply(row)).toArray());
  }

  String csv() {
    return table.csv();
  }
}
