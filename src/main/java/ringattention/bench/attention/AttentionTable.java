package ringattention.bench.attention;

import java.util.Locale;
import ringattention.device.DType;
import ringattention.report.BenchTable;
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

  private AttentionTable() {}

  /**
   * @param host whether the ranks compute on the host's cores
   */
  static BenchTable<Row> of(boolean host) {
    BenchTable<Row> table =
        new BenchTable<Row>()
            .column("tokens", "%d", row -> row.problem().length())
            .column("ranks", "%d", Row::ranks)
            .column("head_ranks", "%d", row -> row.ranks() == 1 ? 1 : row.problem().headRanks())
            .column("head_chunks", "%d", row -> row.ranks() == 1 ? 1 : row.problem().headChunks())
            .column("layout", "%s", row -> row.problem().layoutKind())
            .column("mask", "%s", row -> row.problem().mask())
            .column("heads", "%d", row -> row.problem().heads().query())
            .column("key_value_heads", "%d", row -> row.problem().heads().keyValue())
            .column("head_size", "%d", row -> row.problem().heads().size())
            .column("dtype", "%s", row -> row.dtype().name().toLowerCase(Locale.ROOT))
            .column("pass", "%16s", row -> row.times().pass())
            .column("time_ms", "ms", "%.2f", row -> row.times().seconds() * 1e3);
    if (host) {
      table
          .column("gflops_per_rank", "GFLOP/s", "%.2f", row -> row.times().rate(row.ranks()) * 1e-9)
          .column("matmul_gflops", "GFLOP/s", "%.2f", row -> row.times().productMedian() * 1e-9)
          .column("matmul_fraction", "%.3f", row -> row.times().ofProduct(row.ranks()))
          .column("bound_fraction", "%.3f", row -> row.times().bound(row.ranks()))
          .column("machine_fraction", "%.3f", row -> row.times().machine());
    } else {
      table
          .column("tflops_per_gpu", "TFLOP/s", "%.1f", row -> row.times().rate(row.ranks()) * 1e-12)
          .column("bound_fraction", "%.3f", row -> row.times().bound(row.ranks()));
    }
    return table
        .column("exposed_wait_ms", "ms", "%.2f", row -> row.times().exposed() * 1e3)
        .column("wrong", "%d", Row::wrong);
  }
}
