package ringattention.bench;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.config.BenchAttentionConfig;
import ringattention.config.LayoutKind;
import ringattention.config.MaskKind;
import ringattention.device.Device;
import ringattention.metrics.AttentionFlops;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionResult;
import ringattention.validate.AttentionRunner;
import ringattention.validate.SampledTruth;

/**
 * {@code bench attention}: ring attention over all ranks against the same attention on one rank,
 * and both against the device's own rate for matrix products, all in one run. Columns are derived
 * in {@code docs/performance.md}.
 */
public final class AttentionBench {
  private static final int SAMPLES = 16;

  private final BenchAttentionConfig config;
  private final Communicator world;
  private final Device device;
  private final Repeats repeats;
  private final PhaseTimer timer;
  private final Consumer<String> print;
  private final BenchTable table =
      new BenchTable(
          List.of(
              new Column("tokens", "", "%d"),
              new Column("ranks", "", "%d"),
              new Column("layout", "", "%s"),
              new Column("mask", "", "%s"),
              new Column("heads", "", "%d"),
              new Column("key_value_heads", "", "%d"),
              new Column("head_size", "", "%d"),
              new Column("dtype", "", "%s"),
              new Column("pass", "", "%s"),
              new Column("time_ms", "ms", "%.2f"),
              new Column("gflops_per_rank", "GFLOP/s", "%.2f"),
              new Column("matmul_fraction", "", "%.3f"),
              new Column("bound_fraction", "", "%.3f"),
              new Column("exposed_wait_ms", "ms", "%.2f"),
              new Column("wrong", "", "%d")));
  private long wrong;

  /**
   * @param clock in nanoseconds
   * @param print takes the table's lines, on rank 0
   */
  public AttentionBench(
      BenchAttentionConfig config,
      Communicator world,
      Device device,
      PhaseTimer timer,
      LongSupplier clock,
      Consumer<String> print) {
    this.config = config;
    this.world = world;
    this.device = device;
    this.repeats = new Repeats(config.warmup(), config.repeats(), clock);
    this.timer = timer;
    this.print = print;
  }

  /** Prints every row as it is measured. Collective. */
  public void run() {
    double matrixRate = 0;
    if (world.rank() == 0) {
      matrixRate = MatrixRate.measure(device, repeats);
      say(
          String.format(
              Locale.ROOT, "# matrix product 1024^3: %.2f GFLOP/s on rank 0", matrixRate * 1e-9));
      table.header().forEach(this::say);
    }
    world.barrier();
    for (int tokens : config.tokens()) {
      for (MaskKind mask : config.masks()) {
        for (LayoutKind layout : config.layouts()) {
          compare(problem(tokens, mask, layout), matrixRate);
        }
      }
    }
  }

  /** Wrong results in all rows, on rank 0. */
  public long wrong() {
    return wrong;
  }

  /** All rows, on rank 0. */
  public String csv() {
    return table.csv();
  }

  private AttentionProblem problem(int tokens, MaskKind mask, LayoutKind layout) {
    return new AttentionProblem(
        tokens,
        config.batch(),
        config.heads(),
        config.keyValueHeads(),
        config.headSize(),
        mask,
        layout,
        1);
  }

  /**
   * @param forward median seconds
   * @param both forward and backward
   * @param forwardWait seconds of the forward in which the slowest rank waited for the ring
   * @param wrong elements
   */
  private record Measured(
      double forward, double both, double forwardWait, double bothWait, long wrong) {}

  private void compare(AttentionProblem problem, double matrixRate) {
    warmEveryRank(problem);
    Measured alone = null;
    if (world.rank() == 0) { // the bound: the same work, the same code, one rank
      alone = measure(problem, LocalCommunicator.single());
      rows(problem, 1, alone, alone, matrixRate);
    }
    world.barrier();
    if (world.size() > 1) {
      Measured ring = measure(problem, world);
      if (world.rank() == 0) {
        rows(problem, world.size(), ring, alone, matrixRate);
      }
    }
  }

  /** Otherwise rank 0, which measures alone first, would be the only one with compiled code. */
  private void warmEveryRank(AttentionProblem problem) {
    try (AttentionRunner runner =
        AttentionRunner.ring(problem, world, device, device.compute(), timer)) {
      repeats.warm(
          () -> {
            runner.forward();
            runner.backward();
          });
    }
  }

  private Measured measure(AttentionProblem problem, Communicator ranks) {
    try (AttentionRunner runner =
        AttentionRunner.ring(problem, ranks, device, device.compute(), timer)) {
      Runnable both =
          () -> {
            runner.forward();
            runner.backward();
          };
      repeats.warm(both);
      timer.reset();
      double forwardSeconds = repeats.seconds(ranks, runner::forward);
      double forwardWait = waited(ranks);
      timer.reset();
      double bothSeconds = repeats.seconds(ranks, both);
      double bothWait = waited(ranks);
      AttentionResult result = runner.gather();
      long wrongHere = ranks.rank() == 0 ? wrong(problem, result) : 0;
      return new Measured(forwardSeconds, bothSeconds, forwardWait, bothWait, wrongHere);
    }
  }

  private double waited(Communicator ranks) {
    double[] wait = {
      timer.nanoseconds(Phase.RING_WAIT) * 1e-9 / config.repeats()
    };
    ranks.allReduce(wait, Communicator.Operation.MAX);
    return wait[0];
  }

  private long wrong(AttentionProblem problem, AttentionResult result) {
    int[] positions = SampledTruth.sample(problem.length(), SAMPLES);
    long count =
        new SampledTruth(problem, device.compute())
            .wrong(positions, result, device.compute().epsilon());
    wrong += count;
    return count;
  }

  private void rows(
      AttentionProblem problem, int ranks, Measured measured, Measured alone, double matrixRate) {
    AttentionFlops flops =
        new AttentionFlops(problem.heads(), problem.headSize(), problem.mask() == MaskKind.CAUSAL);
    row(
        problem,
        ranks,
        "forward",
        flops.forward(problem.batch(), problem.length()) / ranks,
        measured.forward,
        alone.forward,
        measured.forwardWait,
        measured.wrong,
        matrixRate);
    row(
        problem,
        ranks,
        "forward+backward",
        flops.forwardAndBackward(problem.batch(), problem.length()) / ranks,
        measured.both,
        alone.both,
        measured.bothWait,
        measured.wrong,
        matrixRate);
  }

  private void row(
      AttentionProblem problem,
      int ranks,
      String pass,
      double flopsPerRank,
      double seconds,
      double secondsAlone,
      double wait,
      long wrongElements,
      double matrixRate) {
    double rate = flopsPerRank / seconds;
    say(
        table.row(
            problem.length(),
            ranks,
            name(problem.layoutKind()),
            name(problem.mask()),
            problem.heads(),
            problem.keyValueHeads(),
            problem.headSize(),
            name(device.compute()),
            pass,
            seconds * 1e3,
            rate * 1e-9,
            rate / matrixRate,
            secondsAlone / (seconds * ranks),
            wait * 1e3,
            wrongElements));
  }

  private void say(String line) {
    print.accept(line);
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
