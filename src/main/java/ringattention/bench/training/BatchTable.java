package ringattention.bench.training;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import ringattention.metrics.Mfu;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.report.PeakBytes;
import ringattention.report.Plots;

/** The columns of {@code bench mfu}; {@code docs/performance.md} derives them. */
public final class BatchTable {
  /**
   * A batch in one architecture.
   *
   * @param architecture {@code blockwise} or {@code ring}
   * @param batchTokens over all ranks
   * @param microBatches of the batch
   * @param measured of these
   * @param batchS seconds of the whole batch
   * @param peak FLOP/s of one rank that {@code mfu} is a share of
   * @param exposedWaitS time of the batch that the ring was not hidden, of the rank that waited
   *     longest
   */
  public record Row(
      TrainingTable.Subject subject,
      String architecture,
      long batchTokens,
      int microBatches,
      int measured,
      double batchS,
      Mfu mfu,
      double peak,
      PeakBytes memory,
      double exposedWaitS) {}

  private record Field(Column column, Function<Row, Object> value) {}

  private static final double GIB = 1L << 30;

  private final List<Field> fields = new ArrayList<>();
  private final List<Row> rows = new ArrayList<>();
  private final BenchTable table;

  public BatchTable() {
    add("model", "", "%s", row -> row.subject().model());
    add("layers", "", "%d", row -> row.subject().layers());
    add("architecture", "", "%s", Row::architecture);
    add("ranks", "", "%d", row -> row.subject().ranks());
    add("tokens", "", "%d", row -> row.subject().tokens());
    add("batch_tokens", "", "%d", Row::batchTokens);
    add("micro_batches", "", "%d", Row::microBatches);
    add("micro_batches_measured", "", "%d", Row::measured);
    add("saved", "", "%16s", row -> row.subject().saved());
    add("offload", "", "%s", row -> row.subject().offload());
    add("step_s", "s", "%.3f", Row::batchS);
    add("tokens_per_s", "tok/s", "%.1f", row -> row.batchTokens() / row.batchS());
    add("mfu_causal", "", "%.4f", row -> row.mfu().causalExact());
    add("mfu_paper", "", "%.4f", row -> row.mfu().paper());
    add("mfu_hardware", "", "%.4f", row -> row.mfu().hardware());
    add("peak_tflops", "TFLOP/s", "%.4g", row -> row.peak() * 1e-12);
    add("planned_gib", "GiB", "%.3f", row -> row.memory().planned() / GIB);
    add("peak_gib", "GiB", "%.3f", row -> row.memory().peak() / GIB);
    add("exposed_wait_s", "s", "%.4f", Row::exposedWaitS);
    this.table = new BenchTable(fields.stream().map(Field::column).toList());
  }

  private void add(String name, String unit, String format, Function<Row, Object> value) {
    fields.add(new Field(new Column(name, unit, format), value));
  }

  public List<String> header() {
    return table.header();
  }

  /** Adds a row and returns its line. */
  public String row(Row row) {
    rows.add(row);
    return table.row(fields.stream().map(field -> field.value().apply(row)).toArray());
  }

  public String csv() {
    return table.csv();
  }

  /**
   * A group of bars for each row, a bar for each count, as PNG.
   *
   * @throws ringattention.report.OutputException if this machine cannot draw
   */
  public byte[] plot() {
    List<String> groups =
        rows.stream()
            .map(row -> row.subject().model() + " " + row.architecture() + " " + tokens(row))
            .toList();
    return Plots.bars(
        "Model FLOP utilization",
        "",
        "% of the peak",
        groups,
        List.of(
            bars("causal-exact", Mfu::causalExact),
            bars("paper's", Mfu::paper),
            bars("hardware", Mfu::hardware)));
  }

  private static String tokens(Row row) {
    int tokens = row.subject().tokens();
    return tokens % 1024 == 0 ? tokens / 1024 + "K" : String.valueOf(tokens);
  }

  private Plots.Bars bars(String count, Function<Mfu, Double> share) {
    return new Plots.Bars(count, rows.stream().map(row -> 100 * share.apply(row.mfu())).toList());
  }
}
