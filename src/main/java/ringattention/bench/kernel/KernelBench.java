package ringattention.bench.kernel;

import java.util.Locale;
import java.util.Map;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.Repeats;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.report.BenchTable;

/**
 * {@code bench kernels}: the kernels of a Transformer one by one, on one device. Rates are FLOP/s
 * and bytes over time; bytes also over those of a copy in the same run. Columns are derived in
 * {@code docs/performance.md}.
 */
public final class KernelBench implements Benchmark {
  private static final String FILE = "kernels.csv";

  /**
   * One kernel.
   *
   * @param copyRate in bytes a second, its own for the copy
   */
  private record Row(KernelCase kernel, String dtype, KernelTiming timing, double copyRate) {}

  private final BenchKernelsConfig config;
  private final BenchTable<Row> table =
      new BenchTable<Row>()
          .column("kernel", "%26s", row -> row.kernel().kernel())
          .column("shape", "%24s", row -> row.kernel().shape())
          .column("dtype", "%s", Row::dtype)
          .column("time_us", "us", "%.1f", row -> row.timing().seconds() * 1e6)
          .column(
              "tflops",
              "TFLOP/s",
              "%.3f",
              row -> row.kernel().flops() / row.timing().seconds() * 1e-12)
          .column("gbytes_per_s", "GB/s", "%.1f", row -> row.timing().rate() * 1e-9)
          .column("copy_fraction", "%.3f", row -> row.timing().rate() / row.copyRate())
          .column("wrong", "%d", row -> row.timing().wrong());

  public KernelBench(Configuration configuration, int ranks) {
    this.config = configuration.get(BenchKernelsConfig.SECTION);
    if (ranks > 1) {
      throw new InputException("bench kernels measures one device: start it without mpirun");
    }
  }

  @Override
  public int measure(BenchRun run) {
    KernelCases cases = new KernelCases(config, run.job().timer());
    Repeats repeats =
        Repeats.of(config.warmup(), config.repeats(), System::nanoTime, run.device())
            .resting(config.rest());
    run.header(table, FILE);
    double copyRate = measure(run, repeats, cases.copy(), Double.NaN);
    cases.others().forEach(kernel -> measure(run, repeats, kernel, copyRate));
    long wrong = table.rows().stream().mapToLong(row -> row.timing().wrong()).sum();
    run.wrong("wrong", "wrong elements in all rows", wrong);
    return run.finish("all rows right, 1 ranks", Map.of());
  }

  /**
   * @param copyRate in bytes a second; NaN for the copy itself
   * @return bytes a second
   */
  private double measure(BenchRun run, Repeats repeats, KernelCase kernel, double copyRate) {
    KernelTiming timing = KernelTiming.of(kernel, run.device(), repeats);
    String dtype = run.device().compute().name().toLowerCase(Locale.ROOT);
    double copied = Double.isNaN(copyRate) ? timing.rate() : copyRate;
    run.row(table, FILE, new Row(kernel, dtype, timing, copied));
    return timing.rate();
  }
}
