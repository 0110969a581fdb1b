package ringattention.bench.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.MatrixRate;
import ringattention.bench.Repeats;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.metrics.AttentionFlops;
import ringattention.metrics.PhaseTimer;
import ringattention.report.BenchTable;
import ringattention.run.ParallelConfig;
import ringattention.run.Trace;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionRunner;

/**
 * {@code bench attention}: ring attention over all ranks against the same attention on one rank, in
 * one run. Columns are derived in {@code docs/performance.md}.
 */
public final class AttentionBench implements Benchmark {
  private static final String FILE = "attention.csv";

  private final List<AttentionProblem> problems;
  private final BenchAttentionConfig config;
  private final int headChunks;
  private final int traced; // number of the problem to trace, from 1; 0 for none
  private Communicator world;
  private Device device;
  private Repeats repeats;
  private PhaseTimer timer;
  private BenchRun run;
  private BenchTable<AttentionTable.Row> table;
  private Alone alone; // of the latest bound; null before the first
  private long wrong;

  /** A problem on one rank by itself: longer problems than the longest such have the same. */
  private record Alone(AttentionProblem problem, AttentionRunner runner) {}

  /**
   * @param traced gives the number of the problem to trace, of so many
   */
  public AttentionBench(Configuration configuration, int ranks, IntUnaryOperator traced) {
    this.config = configuration.get(BenchAttentionConfig.SECTION);
    this.headChunks = configuration.get(ParallelConfig.SECTION).headChunks();
    this.problems = problems();
    this.traced = traced.applyAsInt(problems.size());
    for (int tokens : config.tokens()) {
      if (tokens < 2 * ranks) {
        throw configuration
            .source()
            .error(
                "benchAttention.tokens",
                "must each be at least " + 2 * ranks + " for " + ranks + " ranks");
      }
    }
    if (!problems.stream().allMatch(AttentionBench::hasEqualChunks)) {
      throw configuration
          .source()
          .error(
              "parallel.headChunks",
              "must divide the key/value heads of a rank, benchAttention.keyValueHeads /"
                  + " benchAttention.headRanks");
    }
    if (!config.headRanks().stream().allMatch(some -> ranks % some == 0)) {
      throw configuration
          .source()
          .error(
              "benchAttention.headRanks", "must each divide the number of ranks (" + ranks + ")");
    }
  }

  @Override
  public int measure(BenchRun run) {
    this.run = run;
    this.world = run.equipment().world();
    this.device = run.device();
    this.timer = run.job().timer();
    this.repeats =
        Repeats.of(config.warmup(), config.repeats(), System::nanoTime, device)
            .resting(config.rest());
    this.table = AttentionTable.of(!device.asynchronous());
    try (MatrixRate matrixRate = new MatrixRate(device, repeats.clock())) {
      if (world.rank() == 0) {
        run.say(matrixRate.remark());
      }
      run.say("fractions are medians over repeats of ratios taken side by side");
      if (repeats.rest() > 0) {
        run.say("all devices rest " + repeats.rest() + " s before each timed run");
      }
      if (problems.stream().anyMatch(problem -> bound(problem).length() < problem.length())) {
        run.say("one rank alone does at most " + config.boundTokens() + " tokens, whose rate is");
        run.say("the bound of longer sequences, too");
      }
      run.header(table, FILE);
      for (AttentionProblem problem : problems) {
        compare(problem, matrixRate);
      }
    } finally {
      if (alone != null) {
        alone.runner().close();
      }
    }
    if (traced > 0) {
      Trace trace = new Trace(run.job(), device);
      again(problems.get(traced - 1), (name, pass) -> trace.of(name, pass, run.output()));
    }
    run.wrong("wrong", "wrong elements in all rows", wrong);
    return run.finish("all rows right, " + world.size() + " ranks", Map.of());
  }

  /**
   * One more pass of the ring, forward and backward, after warming up. Collective.
   *
   * @param watch gets what is computed, for people, and does the work
   */
  private void again(AttentionProblem problem, BiConsumer<String, Runnable> watch) {
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

  /** In the order of their rows; each has rows for both passes. */
  private List<AttentionProblem> problems() {
    List<AttentionProblem> problems = new ArrayList<>();
    for (int tokens : config.tokens()) {
      for (Mask mask : config.masks()) {
        for (LayoutKind layout : config.layouts()) {
          AttentionProblem problem = problem(config, tokens, mask, layout);
          for (int ranks : config.headRanks()) {
            problems.add(problem.exchanged(ranks, ranks == 1 ? 1 : headChunks));
          }
        }
      }
    }
    return problems;
  }

  private static boolean hasEqualChunks(AttentionProblem problem) {
    return problem.heads().keyValue() % (problem.headRanks() * problem.headChunks()) == 0;
  }

  /** What one rank does for the bound of this problem. */
  private AttentionProblem bound(AttentionProblem problem) {
    int tokens =
        config.boundTokens() == 0
            ? problem.length()
            : Math.min(problem.length(), config.boundTokens());
    return problem(config, tokens, problem.mask(), problem.layoutKind());
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
      BenchAttentionConfig config, int tokens, Mask mask, LayoutKind layout) {
    return new AttentionProblem(tokens, config.batch(), config.heads(), mask, layout, 1);
  }

  /**
   * Both passes on one rank and on all, side by side; then what the last repeats have left is
   * checked.
   */
  private void compare(AttentionProblem problem, MatrixRate matrixRate) {
    AttentionProblem bound = bound(problem);
    AttentionFlops flops =
        new AttentionFlops(
            problem.heads().query(), problem.heads().size(), problem.mask() == Mask.CAUSAL);
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
        if (bound.length() == problem.length()
            && problem.headRanks() == config.headRanks().get(0)) {
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
      run.say(
          Arrays.stream(times.computing())
              .mapToObj(seconds -> String.format(Locale.ROOT, "%.2f", seconds * 1e3))
              .collect(
                  Collectors.joining(
                      ", ", times.pass() + " with nothing exchanged, by rank: ", " ms")));
    }
  }

  private void row(AttentionProblem problem, int ranks, AttentionTimes times, long wrongHere) {
    if (world.rank() == 0) {
      run.row(
          table, FILE, new AttentionTable.Row(problem, ranks, device.compute(), times, wrongHere));
    }
  }

  private AttentionRunner runner(AttentionProblem problem, Communicator ranks) {
    return AttentionRunner.ring(
        problem, ranks, run.equipment().collectives(device), device, device.compute(), timer);
  }
}
