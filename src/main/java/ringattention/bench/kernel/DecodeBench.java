package ringattention.bench.kernel;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.Repeats;
import ringattention.bench.kernel.Operand.Kind;
import ringattention.bench.kernel.Operand.Role;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.report.BenchTable;

/**
 * {@code bench decode}: attention of few new tokens over the cache of one device, beside a copy
 * that moves as many bytes in the same run, and beside the attention of a vendor's library where
 * there is one (cuDNN in bf16). Columns are derived in {@code docs/performance.md}.
 */
public final class DecodeBench implements Benchmark {
  private static final String FILE = "decode.csv";

  /**
   * One kernel over one length.
   *
   * @param rows new tokens, 0 for the copy
   * @param copyRate in bytes a second, its own for the copy
   */
  private record Row(
      String kernel, int tokens, int rows, String dtype, KernelTiming timing, double copyRate) {}

  private final BenchDecodeConfig config;
  private final BenchTable<Row> table =
      new BenchTable<Row>()
          .column("kernel", "%8s", Row::kernel)
          .column("tokens", "%9d", Row::tokens)
          .column("rows", "%d", Row::rows)
          .column("dtype", "%s", Row::dtype)
          .column("time_us", "us", "%.1f", row -> row.timing().seconds() * 1e6)
          .column("gbytes_per_s", "GB/s", "%.1f", row -> row.timing().rate() * 1e-9)
          .column("copy_fraction", "%.3f", row -> row.timing().rate() / row.copyRate())
          .column("wrong", "%d", row -> row.timing().wrong());

  public DecodeBench(Configuration configuration, int ranks) {
    this.config = configuration.get(BenchDecodeConfig.SECTION);
    if (ranks > 1) {
      throw new InputException("bench decode measures one device: start it without mpirun");
    }
  }

  @Override
  public int measure(BenchRun run) {
    Repeats repeats =
        Repeats.of(config.warmup(), config.repeats(), System::nanoTime, run.device())
            .resting(config.rest());
    String dtype = run.device().compute().name().toLowerCase(Locale.ROOT);
    run.header(table, FILE);
    for (int tokens : config.tokens()) {
      KernelTiming copy = KernelTiming.of(copy(tokens), run.device(), repeats);
      run.row(table, FILE, new Row("copy", tokens, 0, dtype, copy, copy.rate()));
      for (int rows : config.rows()) {
        KernelTiming timing = KernelTiming.of(kernel(tokens, rows, false), run.device(), repeats);
        run.row(table, FILE, new Row("decode", tokens, rows, dtype, timing, copy.rate()));
        String library = run.device().decode().libraryName();
        if (!library.isEmpty()) {
          timing = library(run, repeats, library, kernel(tokens, rows, true));
          run.row(table, FILE, new Row(library, tokens, rows, dtype, timing, copy.rate()));
        }
      }
    }
    long wrong = table.rows().stream().mapToLong(row -> row.timing().wrong()).sum();
    run.wrong("wrong", "wrong elements in all rows", wrong);
    return run.finish("all rows right, 1 ranks", Map.of());
  }

  private DecodeKernel kernel(int tokens, int rows, boolean library) {
    return new DecodeKernel(
        tokens, rows, config.heads(), config.keyValueHeads(), config.headSize(), library);
  }

  /** Measures the library; without times, and with its reason, where it does not take the rows. */
  private static KernelTiming library(
      BenchRun run, Repeats repeats, String library, DecodeKernel kernel) {
    try {
      return KernelTiming.of(kernel, run.device(), repeats);
    } catch (UnsupportedOperationException e) {
      run.say(
          library
              + " does not take "
              + kernel.rows()
              + " rows over "
              + kernel.tokens()
              + " tokens: "
              + e.getMessage());
      return new KernelTiming(Double.NaN, Double.NaN, 0);
    }
  }

  /** Reads as many bytes as keys have, and writes as many as values. */
  private KernelCase copy(int tokens) {
    int width = config.keyValueHeads() * config.headSize();
    return new RowKernel(
        "copy",
        tokens + "x" + width,
        tokens,
        1,
        List.of(
            Operand.rows("from", Role.READ, Kind.COMPUTE, width),
            Operand.rows("to", Role.WRITE, Kind.COMPUTE, width)),
        (device, t) -> device.kernels().copy(t.get(0), t.get(1)));
  }
}
