package ringattention.bench.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import ringattention.device.DType;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.validate.AttentionProblem;

/**
 * The columns of {@code bench attention}: on GPUs rates in TFLOP/s; on CPUs, which have no peak to
 * hold a rate against, the machine's own matrix product, and what the ranks take from each other.
 */
public final class AttentionTable {
  /**
   * One row.
   *
   * @param wrong results
   */
  record Row(AttentionProblem problem, int ranks, DType dtype, AttentionTimes times, long wrong) {}

  private record Field(Column column, Function<Row, Object> value) {}

  private final List<Field> fields = new ArrayList<>();
  private final BenchTable table;

  /**
   * @param host whether the ranks compute on the host's cores
   */
  AttentionTable(boolean host) {
    add("tokens", "", "%d", row -> row.problem().length());
    add("ranks", "", "%d", Row::ranks);
    add("layout", "", "%s", row -> row.problem().layoutKind());
    add("mask", "", "%s", row -> row.problem().mask());
    add("heads", "", "%d", row -> row.problem().heads());
    add("key_value_heads", "", "%d", row -> row.problem().keyValueHeads());
    add("head_size", "", "%d", row -> row.problem().headSize());
    add("dtype", "", "%s", row -> row.dtype().name().toLowerCase(Locale.ROOT));
    add("pass", "", "%16s", row -> row.times().pass());
    add("time_ms", "ms", "%.2f", row -> row.times().seconds() * 1e3);
    if (host) {
      add("gflops_per_rank", "GFLOP/s", "%.2f", row -> row.times().rate(row.ranks()) * 1e-9);
      add("matmul_gflops", "GFLOP/s", "%.2f", row -> row.times().productMedian() * 1e-9);
      add("matmul_fraction", "", "%.3f", row -> row.times().ofProduct(row.ranks()));
      add("bound_fraction", "", "%.3f", row -> row.times().bound(row.ranks()));
      add("machine_fraction", "", "%.3f", row -> row.times().machine());
    } else {
      add("tflops_per_gpu", "TFLOP/s", "%.1f", row -> row.times().rate(row.ranks()) * 1e-12);
      add("bound_fraction", "", "%.3f", row -> row.times().bound(row.ranks()));
    }
    add("exposed_wait_ms", "ms", "%.2f", row -> row.times().exposed() * 1e3);
    add("wrong", "", "%d", Row::wrong);
    this.table = new BenchTable(fields.stream().map(Field::column).toList());
  }

  private void add(String name, String unit, String format, Function<Row, Object> value) {
    fields.add(new Field(new Column(name, unit, format), value));
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
