package ringattention.bench.training;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import ringattention.report.BenchTable;
import ringattention.report.Plots;

/** The columns of {@code bench scaling}; {@code docs/performance.md} derives them. */
public final class ScalingTable {
  /**
   * Work of some ranks together.
   *
   * @param ranks that take part
   * @param atOnce of them that can compute at the same time: fewer where ranks share cores
   * @param tokens of the sequence
   * @param seconds of a pass or a step
   * @param flops of it over all ranks
   */
  public record Work(int ranks, double atOnce, int tokens, double seconds, double flops) {
    /** FLOP/s of one rank that has its cores for itself. */
    private double rate() {
      return flops / atOnce / seconds;
    }
  }

  /**
   * One row.
   *
   * @param what {@code attention} or {@code training}
   * @param scaling {@code weak} or {@code strong}
   * @param work of this row
   * @param first of the fewest ranks, what the others are held against
   */
  record Row(String what, String scaling, Work work, Work first) {
    /** Seconds at the first row's rate. */
    private double ideal() {
      return work.flops() / (work.atOnce() * first.rate());
    }

    private double efficiency() {
      return ideal() / work.seconds();
    }

    private String name() {
      return what + ", " + scaling;
    }
  }

  private final BenchTable<Row> table =
      new BenchTable<Row>()
          .column("what", "%9s", Row::what)
          .column("scaling", "%s", Row::scaling)
          .column("ranks", "%d", row -> row.work().ranks())
          .column("at_once", "%.1f", row -> row.work().atOnce())
          .column("tokens", "%d", row -> row.work().tokens())
          .column("time_ms", "ms", "%.2f", row -> row.work().seconds() * 1e3)
          .column(
              "rate_tflops_per_rank",
              "TFLOP/s",
              "%.4g",
              row -> row.work().flops() / row.work().ranks() / row.work().seconds() / 1e12)
          .column(
              "tokens_per_s", "tok/s", "%.1f", row -> row.work().tokens() / row.work().seconds())
          .column("efficiency", "%.3f", Row::efficiency)
          .column("ideal_ms", "ms", "%.2f", row -> row.ideal() * 1e3);

  BenchTable<Row> table() {
    return table;
  }

  /**
   * Returns a row for {@link #table}. The first of its kind there is what it is held against.
   *
   * @param what {@code attention} or {@code training}
   * @param scaling {@code weak} or {@code strong}
   */
  Row row(String what, String scaling, Work work) {
    Work first =
        table.rows().stream()
            .filter(row -> row.what().equals(what) && row.scaling().equals(scaling))
            .findFirst()
            .map(Row::work)
            .orElse(work);
    return new Row(what, scaling, work, first);
  }

  /**
   * Rate of all ranks together in that of one, and the ideal line, as PNG.
   *
   * @throws ringattention.report.OutputException if this machine cannot draw
   */
  public byte[] plot() {
    List<Row> rows = table.rows();
    List<Plots.Series> lines = new ArrayList<>();
    for (String name : rows.stream().map(Row::name).distinct().toList()) {
      List<Row> series = rows.stream().filter(row -> row.name().equals(name)).toList();
      lines.add(line(name, series, row -> row.work().atOnce() * row.efficiency()));
    }
    List<Row> longest = rows.stream().filter(row -> row.name().equals(rows.get(0).name())).toList();
    lines.add(line("ideal", longest, row -> row.work().atOnce()));
    return Plots.lines(
        "Scaling",
        new Plots.Axis("ranks", false),
        new Plots.Axis("rate of all ranks / rate of one", false),
        lines);
  }

  private static Plots.Series line(String name, List<Row> rows, Function<Row, Double> y) {
    return new Plots.Series(
        name,
        rows.stream().mapToDouble(row -> row.work().ranks()).toArray(),
        rows.stream().mapToDouble(y::apply).toArray());
  }
}
