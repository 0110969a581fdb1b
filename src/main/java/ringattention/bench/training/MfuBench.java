package ringattention.bench.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import ringattention.bench.BenchRun;
import ringattention.bench.Benchmark;
import ringattention.bench.MatrixRate;
import ringattention.bench.training.TrainingTable.Subject;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.metrics.Mfu;
import ringattention.model.Architecture;
import ringattention.model.AttentionConfig;
import ringattention.model.ModelConfig;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.BenchTable;
import ringattention.report.Check;
import ringattention.report.Plots;
import ringattention.shard.Mask;

/**
 * {@code bench mfu}: model FLOP utilization of blockwise training, one sequence on each rank, and
 * of a ring whose sequence is as long as all of them together (the paper's table 4).
 */
public final class MfuBench implements Benchmark {
  /** In points of utilization. */
  private static final double LARGEST_LOSS_TO_RING = 2;

  /**
   * One batch in both architectures.
   *
   * @param title for the check
   * @param microBatches of the batch
   */
  private record Pair(String title, int microBatches, Batch blockwise, Batch ring) {}

  /**
   * One row to be.
   *
   * @param row a step over the micro-batches that are measured
   * @param single the plan of a step over one
   */
  private record Batch(Architecture architecture, TrainingRow row, TrainingPlan single) {
    private static Batch of(
        Configuration trained, Architecture architecture, int tokens, int measured, int ranks) {
      TrainingPlan plan =
          TrainingPlan.of(Variants.of(trained, architecture, tokens, measured, ranks), ranks);
      String name =
          plan.setup().model().name()
              + ", "
              + architecture
              + ", "
              + plan.setup().sequence()
              + " tokens";
      return new Batch(
          architecture,
          new TrainingRow(name, plan),
          TrainingPlan.of(Variants.of(trained, architecture, tokens, 1, ranks), ranks));
    }
  }

  private final BenchMfuConfig bench;
  private final List<Pair> pairs = new ArrayList<>();
  private final BenchTable<TrainingTable.Batch> table = TrainingTable.ofBatches();

  public MfuBench(Configuration configuration, int ranks) {
    this.bench = configuration.get(BenchMfuConfig.SECTION);
    if (ranks < 2) {
      throw new InputException("bench mfu compares a ring with one rank: mpirun -np 2 or more");
    }
    if (configuration.get(AttentionConfig.SECTION).mask() != Mask.CAUSAL) {
      throw configuration.source().error("attention.mask", "must be \"causal\" for bench mfu");
    }
    for (int i = 0; i < bench.tokensPerRank().size(); i++) {
      int tokens = bench.tokensPerRank().get(i);
      int microBatches = microBatches(configuration, tokens, ranks);
      int measured = Math.min(microBatches, 1 + bench.measured());
      Configuration trained =
          bench.models().isEmpty()
              ? configuration
              : configuration.with(
                  ModelConfig.SECTION,
                  ModelConfig.of(bench.models().get(i), bench.models().get(i).layers()));
      pairs.add(
          new Pair(
              trained.get(ModelConfig.SECTION).name() + ", " + tokens + " tokens a rank",
              microBatches,
              Batch.of(trained, Architecture.BLOCKWISE, tokens, measured, ranks),
              Batch.of(trained, Architecture.RING, tokens, measured, ranks)));
    }
  }

  private static int microBatches(Configuration configuration, int tokensPerRank, int ranks) {
    long tokens = (long) tokensPerRank * ranks;
    if (tokens > Integer.MAX_VALUE) {
      throw configuration
          .source()
          .error("benchMfu.tokensPerRank", "must each be below 2^31 / ranks (" + ranks + ")");
    }
    long batch = configuration.get(BenchMfuConfig.SECTION).batchTokens();
    if (batch % tokens != 0 || batch / tokens > Integer.MAX_VALUE) {
      throw configuration
          .source()
          .error(
              "benchMfu.batchTokens",
              "must be a multiple of the tokens that "
                  + ranks
                  + " ranks take at a time ("
                  + tokens
                  + ")");
    }
    return (int) (batch / tokens);
  }

  @Override
  public List<TrainingRow> rows() {
    return pairs.stream()
        .flatMap(pair -> List.of(pair.blockwise().row(), pair.ring().row()).stream())
        .toList();
  }

  @Override
  public int measure(BenchRun run) {
    boolean peakKnown = run.device().peakFlops().isPresent();
    run.say(
        "step_s is extrapolated: the first micro-batch + (micro_batches - 1) x the mean of "
            + bench.measured()
            + " measured after it + the update; a step of one micro-batch warms up");
    if (!peakKnown) {
      run.say(
          "no peak of this device is known: mfu_* are shares of peak_tflops, the mean rate of"
              + " matrix products of a rank while all ranks compute them, measured before each"
              + " row");
    }
    run.header(table, "mfu.csv");
    for (Pair pair : pairs) {
      double blockwise = measure(run, pair.blockwise(), pair.microBatches());
      double ring = measure(run, pair.ring(), pair.microBatches());
      String check = "ring below blockwise, " + pair.title();
      run.checks()
          .add(
              peakKnown
                  ? Check.atMost(
                      check,
                      100 * (blockwise - ring),
                      LARGEST_LOSS_TO_RING,
                      "points of mfu_hardware that the ring is below blockwise training of as many"
                          + " tokens",
                      Map.of("blockwise", blockwise, "ring", ring))
                  : Check.notChecked(
                      check, "no peak of this device is known: its shares drift with it"));
    }
    run.output().plot("mfu", this::plot);
    return run.finish(rows().size());
  }

  /** Returns the hardware utilization of a batch; NaN if there is no row. */
  private double measure(BenchRun run, Batch batch, int microBatches) {
    TrainingRow row = batch.row().fitted(run);
    double[] peak = {Double.NaN};
    return row.measure(
            run,
            measurement -> {
              peak[0] = peak(run);
              return measurement.batch(batch.single(), microBatches);
            })
        .map(
            measured -> {
              TrainingPlan plan = row.plan();
              int passes = plan.setup().passes();
              // the FLOPs of the measured micro-batches over their part of the batch's time
              double part = measured.seconds() * passes / microBatches;
              Mfu mfu = plan.flops(measured.last().squares()).mfu(part, run.ranks(), peak[0]);
              var steps =
                  new TrainingTable.Steps(
                      Subject.of(plan),
                      measured.seconds(),
                      bench.batchTokens(),
                      plan.hardwareFlops(measured.last().squares()) * microBatches / passes,
                      Optional.of(mfu),
                      measured.memory().largest(),
                      measured.exposedWaitS());
              String kind = batch.architecture().toString();
              run.row(
                  table,
                  "mfu.csv",
                  new TrainingTable.Batch(kind, microBatches, passes, steps, peak[0]));
              run.say(measured.time().words(microBatches));
              return mfu.hardware();
            })
        .orElse(Double.NaN);
  }

  /** Returns FLOP/s of one rank that utilization is a share of. Collective. */
  private static double peak(BenchRun run) {
    Device device = run.device();
    if (device.peakFlops().isPresent()) {
      return device.peakFlops().getAsDouble();
    }
    try (MatrixRate rate = new MatrixRate(device, System::nanoTime)) {
      return rate.atOnce(run.job().world());
    }
  }

  /** A group of bars for each row, a bar for each count, as PNG. */
  private byte[] plot() {
    List<String> groups =
        table.rows().stream()
            .map(
                row -> {
                  int tokens = row.steps().subject().tokens();
                  return row.steps().subject().model()
                      + " "
                      + row.architecture()
                      + " "
                      + (tokens % 1024 == 0 ? tokens / 1024 + "K" : "" + tokens);
                })
            .toList();
    return Plots.bars(
        "Model FLOP utilization",
        "",
        "% of the peak",
        groups,
        List.of(
            bars("causal-exact", Mfu::causalExact),
            bars("paper's", Mfu::paper),
            bars("hardware", Mfu::hardware)));
  }

  private Plots.Bars bars(String count, ToDoubleFunction<Mfu> share) {
    return new Plots.Bars(
        count,
        table.rows().stream()
            .map(row -> 100 * share.applyAsDouble(row.steps().mfu().orElseThrow()))
            .toList());
  }
}
