package ringattention.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.config.BenchAttentionConfig;
import ringattention.config.LayoutKind;
import ringattention.config.MaskKind;
import ringattention.device.Device;
import ringattention.metrics.AttentionFlops;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.metrics.Statistics;
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

  private final List<AttentionProblem> problems;
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
              new Column("pass", "", "%16s"),
              new Column("time_ms", "ms", "%.2f"),
              new Column("gflops_per_rank", "GFLOP/s", "%.2f"),
              new Column("matmul_gflops", "GFLOP/s", "%.2f"),
              new Column("matmul_fraction", "", "%.3f"),
              new Column("bound_fraction", "", "%.3f"),
              new Column("machine_fraction", "", "%.3f"),
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
    this.problems = problems(config);
    this.world = world;
    this.device = device;
    this.repeats = new Repeats(config.warmup(), config.repeats(), clock);
    this.timer = timer;
    this.print = print;
  }

  /** Prints every row as it is measured. Collective. */
  public void run() {
    if (world.rank() == 0) {
      say(BenchTable.comment("fractions are medians over repeats of ratios taken side by side"));
      table.header().forEach(this::say);
    }
    try (MatrixRate matrixRate = new MatrixRate(device, repeats.clock())) {
      for (AttentionProblem problem : problems) {
        compare(problem, matrixRate);
      }
    }
  }

  /**
   * One more pass of the ring, forward and backward, after warming up. Collective.
   *
   * @param watch gets what is computed, for people, and does the work
   */
  public void again(AttentionProblem problem, BiConsumer<String, Runnable> watch) {
    try (AttentionRunner ring = runner(problem, world)) {
      Runnable pass =
          () -> {
            ring.forward();
            ring.backward();
          };
      pass.run();
      repeats.warm(pass);
      watch.accept(problem.toString(), pass);
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

  /** In the order of their rows; each has rows for both passes. */
  public static List<AttentionProblem> problems(BenchAttentionConfig config) {
    List<AttentionProblem> problems = new ArrayList<>();
    for (int tokens : config.tokens()) {
      for (MaskKind mask : config.masks()) {
        for (LayoutKind layout : config.layouts()) {
          problems.add(problem(config, tokens, mask, layout));
        }
      }
    }
    return problems;
  }

  private static AttentionProblem problem(
      BenchAttentionConfig config, int tokens, MaskKind mask, LayoutKind layout) {
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

  /** Both passes on one rank and on all, side by side. */
  private void compare(AttentionProblem problem, MatrixRate matrixRate) {
    Communicator single = world.self();
    try (AttentionRunner alone = runner(problem, single);
        AttentionRunner ring = runner(problem, world)) {
      Passes passes = new Passes(problem, alone, ring, matrixRate);
      passes.measure("forward", 1, AttentionRunner::forward);
      passes.measure(
          "forward+backward",
          AttentionFlops.FORWARD_AND_BACKWARD,
          runner -> {
            runner.forward();
            runner.backward();
          });
    }
  }

  private AttentionRunner runner(AttentionProblem problem, Communicator ranks) {
    return AttentionRunner.ring(problem, ranks, device, device.compute(), timer);
  }

  /** The rows of one problem. */
  private final class Passes {
    private final AttentionProblem problem;
    private final AttentionRunner alone;
    private final AttentionRunner ring;
    private final MatrixRate matrixRate;
    private final long wrongAlone;
    private final long wrongRing;

    /** Warms up, on every rank, and checks the results. */
    Passes(
        AttentionProblem problem,
        AttentionRunner alone,
        AttentionRunner ring,
        MatrixRate matrixRate) {
      this.problem = problem;
      this.alone = alone;
      this.ring = ring;
      this.matrixRate = matrixRate;
      for (AttentionRunner runner : List.of(alone, ring)) {
        runner.forward();
        runner.backward();
        repeats.warm(
            () -> {
              runner.forward();
              runner.backward();
            });
      }
      AttentionResult result = ring.gather();
      this.wrongRing = world.rank() == 0 ? wrong(problem, result) : 0;
      this.wrongAlone = world.rank() == 0 ? wrong(problem, alone.gather()) : 0;
    }

    /**
     * In every repeat a matrix product, the pass on rank 0 alone, the same on every rank at once
     * and without exchange, the pass on all ranks together: what drifts on a shared machine drifts
     * for all of them.
     *
     * @param factor FLOPs over those of the forward
     */
    void measure(String pass, double factor, Consumer<AttentionRunner> work) {
      int count = repeats.repeats();
      double[] product = new double[count]; // FLOP/s
      double[] aloneSeconds = new double[count];
      double[] ringSeconds = new double[count];
      double[] bound = new double[count];
      double[] machine = new double[count];
      double wait = 0;
      for (int i = 0; i < count; i++) {
        if (world.rank() == 0) {
          product[i] = matrixRate.measure();
          aloneSeconds[i] = repeats.once(world.self(), () -> work.accept(alone));
        }
        double atOnce = repeats.once(world, () -> work.accept(alone));
        timer.reset();
        ringSeconds[i] = repeats.once(world, () -> work.accept(ring));
        wait += timer.nanoseconds(Phase.RING_WAIT) * 1e-9 / count;
        bound[i] = aloneSeconds[i] / (ringSeconds[i] * world.size());
        machine[i] = aloneSeconds[i] / atOnce;
      }
      double[] waits = {wait};
      world.allReduce(waits, Communicator.Operation.MAX);
      if (world.rank() == 0) {
        double flops = factor * forwardFlops();
        row(pass, 1, flops, aloneSeconds, product, 1, 1, 0, wrongAlone);
        if (world.size() > 1) {
          double share = Statistics.of(bound).median();
          double kept = Statistics.of(machine).median();
          row(pass, world.size(), flops, ringSeconds, product, share, kept, waits[0], wrongRing);
        }
      }
    }

    private double forwardFlops() {
      boolean causal = problem.mask() == MaskKind.CAUSAL;
      return new AttentionFlops(problem.heads(), problem.headSize(), causal)
          .forward(problem.batch(), problem.length());
    }

    private void row(
        String pass,
        int ranks,
        double flops,
        double[] seconds,
        double[] product,
        double bound,
        double machine,
        double wait,
        long wrongElements) {
      double[] ofProduct = new double[seconds.length];
      for (int i = 0; i < seconds.length; i++) {
        ofProduct[i] = flops / ranks / seconds[i] / product[i];
      }
      double time = Statistics.of(seconds).median();
      say(
          table.row(
              problem.length(),
              ranks,
              problem.layoutKind(),
              problem.mask(),
              problem.heads(),
              problem.keyValueHeads(),
              problem.headSize(),
              device.compute().name().toLowerCase(Locale.ROOT),
              pass,
              time * 1e3,
              flops / ranks / time * 1e-9,
              Statistics.of(product).median() * 1e-9,
              Statistics.of(ofProduct).median(),
              bound,
              machine,
              wait * 1e3,
              wrongElements));
    }
  }

  private long wrong(AttentionProblem problem, AttentionResult result) {
    int[] positions = SampledTruth.sample(problem.length(), SAMPLES);
    long count =
        new SampledTruth(problem, device.compute())
            .wrong(positions, result, device.compute().epsilon());
    wrong += count;
    return count;
  }

  private void say(String line) {
    print.accept(line);
  }
}
