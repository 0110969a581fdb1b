package ringattention.command;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import ringattention.bench.Benchmark;
import ringattention.bench.MatrixRate;
import ringattention.bench.RowChecks;
import ringattention.bench.training.BatchMeasurement;
import ringattention.bench.training.BatchTable;
import ringattention.bench.training.BenchMfuConfig;
import ringattention.bench.training.TrainingTable;
import ringattention.cli.ExitCode;
import ringattention.data.Samples;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.metrics.Mfu;
import ringattention.model.Architecture;
import ringattention.model.AttentionConfig;
import ringattention.model.ModelConfig;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.Check;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;
import ringattention.shard.MaskKind;
import ringattention.train.DivergedException;

/**
 * {@code bench mfu}: model FLOP utilization of blockwise training, one sequence on each rank, and
 * of a ring whose sequence is as long as all of them together (the paper's table 4).
 */
public final class BenchMfuCommand {
  /** In points of utilization. */
  private static final double LARGEST_LOSS_TO_RING = 2;

  /**
   * One row to be.
   *
   * @param plan of a step over the micro-batches that are measured
   * @param single of a step over one
   * @param microBatches of the whole batch
   */
  private record Row(
      Architecture architecture,
      TrainingPlan plan,
      TrainingPlan single,
      int microBatches,
      Samples samples) {
    private String model() {
      return plan.setup().model().name();
    }

    private String kind() {
      return architecture.name().toLowerCase(Locale.ROOT);
    }

    private String name() {
      return model() + ", " + kind() + ", " + plan.setup().sequence() + " tokens";
    }

    private Row with(Samples opened) {
      return new Row(architecture, plan, single, microBatches, opened);
    }

    private Row with(TrainingPlan fitted) {
      return new Row(architecture, fitted, single, microBatches, samples);
    }
  }

  private final Job job;
  private final Configuration configuration;
  private final BenchMfuConfig bench;
  private final List<Row> rows;
  private final BatchTable table = new BatchTable();
  private final List<Check> checks = new ArrayList<>();
  private boolean peakKnown;

  private BenchMfuCommand(Job job, Configuration configuration, List<Row> rows) {
    this.job = job;
    this.configuration = configuration;
    this.bench = configuration.get(BenchMfuConfig.SECTION);
    this.rows = rows;
  }

  /** Reads the input; nothing is written or allocated before it is known to be good. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    List<Row> rows =
        job.agree(() -> rows(job, configuration)).stream()
            .map(row -> row.with(SharedInput.samples(job, row.plan().configuration())))
            .toList();
    BenchMfuCommand command = new BenchMfuCommand(job, configuration, rows);
    return Benchmark.run(job, command.configuration, command::run);
  }

  /** Plans all rows, their samples null. */
  private static List<Row> rows(Job job, Configuration configuration) {
    int ranks = job.world().size();
    if (ranks < 2) {
      throw new InputException("bench mfu compares a ring with one rank: mpirun -np 2 or more");
    }
    if (configuration.get(AttentionConfig.SECTION).mask() != MaskKind.CAUSAL) {
      throw configuration.source().error("attention.mask", "must be \"causal\" for bench mfu");
    }
    BenchMfuConfig bench = configuration.get(BenchMfuConfig.SECTION);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < bench.tokensPerRank().size(); i++) {
      int tokens = bench.tokensPerRank().get(i);
      int microBatches = microBatches(configuration, tokens, ranks);
      Configuration trained =
          bench.models().isEmpty()
              ? configuration
              : configuration.with(
                  ModelConfig.SECTION,
                  ModelConfig.of(bench.models().get(i), bench.models().get(i).layers()));
      int measured = Math.min(microBatches, 1 + bench.measured());
      for (Architecture architecture : List.of(Architecture.BLOCKWISE, Architecture.RING)) {
        Configuration step = Variants.of(trained, architecture, tokens, measured, ranks);
        Configuration one = Variants.of(trained, architecture, tokens, 1, ranks);
        rows.add(
            new Row(
                architecture,
                TrainingPlan.of(step, ranks),
                TrainingPlan.of(one, ranks),
                microBatches,
                null));
      }
    }
    return rows;
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

  private int run(Equipment equipment, RunOutput output) {
    int ranks = job.world().size();
    Device device = equipment.device();
    if (job.line().dryRun()) {
      for (Row row : rows) {
        output.log().line(row.name());
        PlanReport.print(fitted(row, device).plan(), device, output.log());
      }
      return ExitCode.VALID;
    }
    peakKnown = device.peakFlops().isPresent();
    remarks(output);
    table.header().forEach(output.log()::row);
    Map<String, Double> baselines = new HashMap<>(); // hardware share by model and tokens a rank
    for (Row row : rows) {
      OptionalDouble share;
      try (Samples open = row.samples()) {
        share = measure(fitted(row, device), equipment, output);
      }
      String pair = row.model() + ", " + bench.tokensPerRank().get(rows.indexOf(row) / 2);
      if (row.architecture() == Architecture.RING) {
        checks.add(ring(pair + " tokens a rank", baselines.getOrDefault(pair, Double.NaN), share));
      } else {
        baselines.put(pair, share.orElse(Double.NaN));
      }
      output.write("mfu.csv", table.csv());
    }
    output.plot("mfu", table::plot);
    return output.finish(
        checks, rows.size() + " rows, " + ranks + " ranks", Double.NaN, Double.NaN, Map.of());
  }

  private Row fitted(Row row, Device device) {
    MemoryLimits limits =
        MemoryLimits.of(job, device, row.plan().configuration().get(MemoryConfig.SECTION));
    return row.with(row.plan().fitted(device, limits));
  }

  private void remarks(RunOutput output) {
    output
        .log()
        .line(
            "step_s is extrapolated: the first micro-batch + (micro_batches - 1) x the mean of "
                + bench.measured()
                + " measured after it + the update; a step of one micro-batch warms up");
    if (!peakKnown) {
      output
          .log()
          .line(
              "no peak of this device is known: mfu_* are shares of peak_tflops, the mean rate of"
                  + " matrix products of a rank while all ranks compute them, measured before each"
                  + " row");
    }
  }

  /** Hardware utilization of the row; empty if there is no row. */
  private OptionalDouble measure(Row row, Equipment equipment, RunOutput output) {
    TrainingPlan plan = row.plan();
    output.log().line(row.name() + ": " + plan.memory().why());
    BatchMeasurement measurement =
        new BatchMeasurement(job, equipment, plan, row.single(), row.samples());
    int vocabulary = plan.setup().model().vocabulary();
    if (!plan.memory().fits() || !measurement.fits()) {
      output.log().line(RowChecks.missing(row.name(), plan, equipment.device()));
      checks.add(RowChecks.room(row.name(), plan, equipment.device()));
      return OptionalDouble.empty();
    }
    double peak = peak(equipment);
    try {
      BatchMeasurement.Batch batch = measurement.measure(row.microBatches());
      Mfu mfu = mfu(row, batch, peak);
      output.log().row(table.row(tableRow(row, batch, mfu, peak)));
      output.log().line(batch.times(row.microBatches()));
      checks.add(RowChecks.loss(row.name(), batch.last().loss(), vocabulary));
      checks.add(batch.memory().check("memory, " + row.name()));
      return OptionalDouble.of(mfu.hardware());
    } catch (DivergedException e) {
      output.log().line(row.name() + ": no row: " + e.getMessage());
      checks.add(RowChecks.diverged(row.name(), vocabulary));
      return OptionalDouble.empty();
    }
  }

  /** FLOP/s of one rank that utilization is a share of. Collective. */
  private double peak(Equipment equipment) {
    Device device = equipment.device();
    if (peakKnown) {
      return device.peakFlops().getAsDouble();
    }
    try (MatrixRate rate = new MatrixRate(device, System::nanoTime)) {
      return rate.atOnce(job.world());
    }
  }

  /** The FLOPs of the measured micro-batches over their part of the batch's time. */
  private Mfu mfu(Row row, BatchMeasurement.Batch batch, double peak) {
    double part = (double) row.plan().setup().passes() / row.microBatches();
    return row.plan()
        .flops(batch.last().squares())
        .mfu(batch.seconds() * part, job.world().size(), peak);
  }

  private BatchTable.Row tableRow(Row row, BatchMeasurement.Batch batch, Mfu mfu, double peak) {
    TrainingPlan plan = row.plan();
    return new BatchTable.Row(
        new TrainingTable.Subject(
            row.model(),
            plan.setup().model().layers(),
            plan.setup().sequence(),
            job.world().size(),
            plan.saved(),
            plan.offload()),
        row.kind(),
        bench.batchTokens(),
        row.microBatches(),
        plan.setup().passes(),
        batch.seconds(),
        mfu,
        peak,
        batch.memory().largest(),
        batch.exposedWaitS());
  }

  private Check ring(String pair, double baseline, OptionalDouble ring) {
    String name = "ring below blockwise, " + pair;
    if (!peakKnown) {
      return Check.notChecked(name, "no peak of this device is known: its shares drift with it");
    }
    return Check.atMost(
        name,
        100 * (baseline - ring.orElse(Double.NaN)),
        LARGEST_LOSS_TO_RING,
        "points of mfu_hardware that the ring is below blockwise training of as many tokens",
        Map.of("blockwise", baseline, "ring", ring.orElse(Double.NaN)));
  }
}
