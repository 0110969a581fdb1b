package ringattention.bench.kernel;

import java.util.Locale;
import java.util.Map;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
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
  private static final long CACHE = 256L << 20; // bytes: more than any cache holds
  private static final int SETS = 8;

  /**
   * One kernel.
   *
   * @param copyRate in bytes a second, its own for the copy
   * @param rate in bytes a second
   */
  private record Row(
      KernelCase kernel, String dtype, double seconds, double copyRate, double rate, long wrong) {}

  private final BenchKernelsConfig config;
  private final Communicator single = LocalCommunicator.single();
  private final BenchTable<Row> table =
      new BenchTable<Row>()
          .column("kernel", "%26s", row -> row.kernel().kernel())
          .column("shape", "%24s", row -> row.kernel().shape())
          .column("dtype", "%s", Row::dtype)
          .column("time_us", "us", "%.1f", row -> row.seconds() * 1e6)
          .column("tflops", "TFLOP/s", "%.3f", row -> row.kernel().flops() / row.seconds() * 1e-12)
          .column("gbytes_per_s", "GB/s", "%.1f", row -> row.rate() * 1e-9)
          .column("copy_fraction", "%.3f", row -> row.rate() / row.copyRate())
          .column("wrong", "%d", Row::wrong);

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
    long wrong = table.rows().stream().mapToLong(Row::wrong).sum();
    run.wrong("wrong", "wrong elements in all rows", wrong);
    return run.finish("all rows right, 1 ranks", Map.of());
  }

  /**
   * @param copyRate in bytes a second; NaN for the copy itself
   * @return bytes a second
   */
  private double measure(BenchRun run, Repeats repeats, KernelCase kernel, double copyRate) {
    Device device = run.device();
    double bytes = kernel.bytes(device);
    int sets = (int) Math.min(SETS, Math.max(1, Math.ceil(CACHE / bytes)));
    try (KernelCase.Trial trial = kernel.open(device, sets)) {
      long wrongHere = trial.wrong(); // first: a timed kernel may work on its own results
      Rotation pass = new Rotation(trial, sets);
      repeats.warm(pass);
      int passes = repeats.passes(single, pass);
      double seconds = repeats.median(single, passes, pass);
      double rate = bytes / seconds;
      String dtype = device.compute().name().toLowerCase(Locale.ROOT);
      double copied = Double.isNaN(copyRate) ? rate : copyRate;
      run.row(table, FILE, new Row(kernel, dtype, seconds, copied, rate, wrongHere));
      return rate;
    }
  }

  /** A pass after the other, each on the next set. */
  private static final class Rotation implements Runnable {
    private final KernelCase.Trial trial;
    private final int sets;
    private int next;

    Rotation(KernelCase.Trial trial, int sets) {
      this.trial = trial;
      this.sets = sets;
    }

    @Override
    public void run() {
      trial.pass(next);
      next = (next + 1) % sets;
    }
  }
}
