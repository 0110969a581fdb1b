package ringattention.bench.kernel;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimer;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;

/**
 * {@code bench kernels}: the kernels of a Transformer one by one, on one device. Rates are FLOP/s
 * and bytes over time; bytes also over those of a copy in the same run. Columns are derived in
 * {@code docs/performance.md}.
 */
public final class KernelBench {
  private static final long CACHE = 256L << 20; // bytes: more than any cache holds
  private static final int SETS = 8;

  private final KernelCases cases;
  private final Device device;
  private final Repeats repeats;
  private final Communicator single = LocalCommunicator.single();
  private final Consumer<String> print;
  private final BenchTable table =
      new BenchTable(
          List.of(
              new Column("kernel", "", "%26s"),
              new Column("shape", "", "%24s"),
              new Column("dtype", "", "%s"),
              new Column("time_us", "us", "%.1f"),
              new Column("tflops", "TFLOP/s", "%.3f"),
              new Column("gbytes_per_s", "GB/s", "%.1f"),
              new Column("copy_fraction", "", "%.3f"),
              new Column("wrong", "", "%d")));
  private long wrong;

  /**
   * @param clock in nanoseconds
   * @param print takes the table's lines
   */
  public KernelBench(
      BenchKernelsConfig config,
      Device device,
      PhaseTimer timer,
      LongSupplier clock,
      Consumer<String> print) {
    this.cases = new KernelCases(config, timer);
    this.device = device;
    this.repeats =
        Repeats.of(config.warmup(), config.repeats(), clock, device).resting(config.rest());
    this.print = print;
  }

  /** Prints every row as it is measured. */
  public void run() {
    table.header().forEach(print);
    double copyRate = measure(cases.copy(), Double.NaN);
    cases.others().forEach(kernel -> measure(kernel, copyRate));
  }

  /** Wrong results in all rows. */
  public long wrong() {
    return wrong;
  }

  /** All rows. */
  public String csv() {
    return table.csv();
  }

  /**
   * @param copyRate in bytes a second; NaN for the copy itself
   * @return bytes a second
   */
  private double measure(KernelCase kernel, double copyRate) {
    double bytes = kernel.bytes(device);
    int sets = (int) Math.min(SETS, Math.max(1, Math.ceil(CACHE / bytes)));
    try (KernelCase.Trial trial = kernel.open(device, sets)) {
      long wrongHere = trial.wrong(); // first: a timed kernel may work on its own results
      Rotation pass = new Rotation(trial, sets);
      repeats.warm(pass);
      int passes = repeats.passes(single, pass);
      double seconds = repeats.median(single, passes, pass);
      double rate = bytes / seconds;
      wrong += wrongHere;
      print.accept(
          table.row(
              kernel.kernel(),
              kernel.shape(),
              device.compute().name().toLowerCase(Locale.ROOT),
              seconds * 1e6,
              kernel.flops() / seconds * 1e-12,
              rate * 1e-9,
              Double.isNaN(copyRate) ? 1.0 : rate / copyRate,
              wrongHere));
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
