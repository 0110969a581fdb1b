package ringattention.bench.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import ringattention.bench.MatrixRate;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.metrics.AttentionFlops;
import ringattention.metrics.PhaseTimer;
import ringattention.report.BenchTable;
import ringattention.shard.LayoutKind;
import ringattention.shard.MaskKind;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionRunner;

/**
 * {@code bench attention}: ring attention over all ranks against the same attention on one rank, in
 * one run. Columns are derived in {@code docs/performance.md}.
 */
public final class AttentionBench {
  private final List<AttentionProblem> problems;
  private final BenchAttentionConfig config;
  private final Communicator world;
  private final Device device;
  private final Repeats repeats;
  private final PhaseTimer timer;
  private final Consumer<String> print;
  private final AttentionTable table;
  private Alone alone; // of the latest bound; null before the first
  private long wrong;

  /** A problem on one rank by itself: longer problems than the longest such have the same. */
  private record Alone(AttentionProblem problem, AttentionRunner runner) {}

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
    this.config = config;
    this.world = world;
    this.device = device;
    this.repeats =
        Repeats.of(config.warmup(), config.repeats(), clock, device).resting(config.rest());
    this.timer = timer;
    this.print = print;
    this.table = new AttentionTable(!device.asynchronous());
  }

  /** Prints the rows of a problem as soon as they are measured. Collective. */
  public void run() {
    try (MatrixRate matrixRate = new MatrixRate(device, repeats.clock())) {
      if (world.rank() == 0) {
        say(matrixRate.remark());
        say("fractions are medians over repeats of ratios taken side by side");
        if (repeats.rest() > 0) {
          say("all devices rest " + repeats.rest() + " s before each timed run");
        }
        if (problems.stream().anyMatch(problem -> !bound(problem).equals(problem))) {
          say("one rank alone does at most " + config.boundTokens() + " tokens, whose rate is");
          say("the bound of longer sequences, too");
        }
        table.header().forEach(print);
      }
      for (AttentionProblem problem : problems) {
        compare(problem, matrixRate);
      }
    } finally {
      if (alone != null) {
        alone.runner().close();
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
            device.synchronize();
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

  /** What one rank does for the bound of this problem. */
  private AttentionProblem bound(AttentionProblem problem) {
    return config.boundTokens() == 0 || problem.length() <= config.boundTokens()
        ? problem
        : problem(config, config.boundTokens(), problem.mask(), problem.layoutKind());
  }

  /** Runs it on this rank; what ran another before is closed. */
  private AttentionRunner alone(AttentionProblem bound) {
    if (alone == null || !alone.problem().equals(bound)) {
      if (alone != null) {
        alone.runner().close();
      }
      alone = null; // if there is no room for the next
      alone = new Alone(bound, runner(bound, world.self()));
    }
    return alone.runner();
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

  /**
   * Both passes on one rank and on all, side by side; then what the last repeats have left is
   * checked.
   */
  private void compare(AttentionProblem problem, MatrixRate matrixRate) {
    AttentionProblem bound = bound(problem);
    AttentionFlops flops =
        new AttentionFlops(problem.heads(), problem.headSize(), problem.mask() == MaskKind.CAUSAL);
    double scale =
        flops.forward(problem.batch(), problem.length())
            / flops.forward(bound.batch(), bound.length());
    AttentionRunner whole = alone(bound);
    try (AttentionRunner ring = runner(problem, world)) {
      AttentionPasses passes =
          new AttentionPasses(repeats, world, device, timer, whole, ring, scale, matrixRate);
      passes.warm();
      List<AttentionTimes> measured = new ArrayList<>();
      if (config.forward()) {
        measured.add(
            passes.measure(
                "forward",
                flops.forward(problem.batch(), problem.length()),
                AttentionRunner::forward,
                AttentionRunner::forwardUnconnected));
      }
      measured.add(
          passes.measure(
              "forward+backward",
              flops.forwardAndBackward(problem.batch(), problem.length()),
              runner -> {
                runner.forward();
                runner.backward();
              },
              runner -> {
                runner.forwardUnconnected();
                runner.backwardUnconnected();
              }));
      long wrongRing = ring.wrong();
      long wrongAlone = world.rank() == 0 ? whole.wrong() : 0;
      for (AttentionTimes times : measured) {
        if (bound.equals(problem)) {
          row(problem, 1, times.ofOneRank(), wrongAlone);
        }
        if (world.size() > 1) {
          row(problem, world.size(), times, wrongRing);
          ofRanks(times);
        }
      }
      wrong += wrongAlone + wrongRing;
    }
  }

  /** A rank that is slower than the others on its own makes all of them wait. */
  private void ofRanks(AttentionTimes times) {
    if (world.rank() == 0 && device.asynchronous()) {
      say(
          Arrays.stream(times.computing())
              .mapToObj(seconds -> String.format(Locale.ROOT, "%.2f", seconds * 1e3))
              .collect(
                  Collectors.joining(
                      ", ", times.pass() + " with nothing exchanged, by rank: ", " ms")));
    }
  }

  private void row(AttentionProblem problem, int ranks, AttentionTimes times, long wrongHere) {
    if (world.rank() == 0) {
      var row = new AttentionTable.Row(problem, ranks, device.compute(), times, wrongHere);
      print.accept(table.row(row));
    }
  }

  private AttentionRunner runner(AttentionProblem problem, Communicator ranks) {
    return AttentionRunner.ring(problem, ranks, device, device.compute(), timer);
  }

  private void say(String text) {
    print.accept(BenchTable.comment(text));
  }
}
