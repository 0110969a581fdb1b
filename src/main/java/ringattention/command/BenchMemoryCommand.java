package ringattention.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import ringattention.bench.Benchmark;
import ringattention.bench.RowChecks;
import ringattention.bench.training.BenchMemoryConfig;
import ringattention.bench.training.LayerBytes;
import ringattention.bench.training.LayerFormulas;
import ringattention.bench.training.LayerMemoryTable;
import ringattention.bench.training.MemorySlopes;
import ringattention.bench.training.TrainingMeasurement;
import ringattention.cli.ExitCode;
import ringattention.data.Samples;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.model.Architecture;
import ringattention.model.LossHeadConfig;
import ringattention.model.ModelConfig;
import ringattention.plan.PeakMemory;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.BenchTable;
import ringattention.report.Check;
import ringattention.report.Plots;
import ringattention.report.Units;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.OffloadKind;
import ringattention.run.RunOutput;
import ringattention.run.SavedKind;

/**
 * {@code bench memory}: the peak of a training step for each architecture and length, for further
 * blocks of the feed-forward and further sizes of the ring at the longest; its growth beside table
 * 1 of the paper, and checks of that growth.
 */
public final class BenchMemoryCommand {
  /**
   * One row to be.
   *
   * @param ring ranks that share a sequence
   * @param samples shared with the rows of the same length
   */
  private record Step(Architecture architecture, int ring, TrainingPlan plan, Samples samples) {
    private Step with(Samples opened) {
      return new Step(architecture, ring, plan, opened);
    }

    private String title() {
      return architecture
          + ", "
          + plan.setup().sequence()
          + " tokens, "
          + (ring == 1 ? "1 rank" : ring + " ranks");
    }
  }

  private final Job job;
  private final Configuration configuration;
  private final List<Step> steps;
  private final List<Check> checks = new ArrayList<>();
  private final List<LayerMemoryTable.Row> rows = new ArrayList<>();
  private final LayerMemoryTable table = new LayerMemoryTable();
  private PeakMemory worst; // null before the first
  private String worstTitle;

  private BenchMemoryCommand(Job job, Configuration configuration, List<Step> steps) {
    this.job = job;
    this.configuration = configuration;
    this.steps = steps;
  }

  /** Reads the input; nothing is written or allocated before it is known to be good. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    Map<Integer, Samples> samples = new LinkedHashMap<>();
    List<Step> steps =
        job.agree(() -> steps(configuration, job.world().size())).stream()
            .map(
                step ->
                    step.with(
                        samples.computeIfAbsent(
                            step.plan().setup().sequence(),
                            length -> SharedInput.samples(job, step.plan().configuration()))))
            .toList();
    BenchMemoryCommand command = new BenchMemoryCommand(job, configuration, steps);
    try {
      return Benchmark.run(job, command.configuration, command::run);
    } finally {
      command.steps.forEach(step -> step.samples().close());
    }
  }

  /** Plans all rows, their samples null. */
  private static List<Step> steps(Configuration configuration, int ranks) {
    BenchMemoryConfig bench = configuration.get(BenchMemoryConfig.SECTION);
    int firstBlock = bench.feedForwardBlocks().get(0);
    if (configuration.get(LossHeadConfig.SECTION).block()
        > firstBlock) { // or slopes would be the loss head's
      throw configuration
          .source()
          .error(
              "lossHead.block",
              "must be at most the first of benchMemory.feedForwardBlocks (" + firstBlock + ")");
    }
    MemoryConfig memory = configuration.get(MemoryConfig.SECTION);
    MemoryConfig fixed =
        new MemoryConfig(
            SavedKind.INPUTS, OffloadKind.NONE, 1, memory.deviceGiB(), memory.hostGiB());
    Configuration base = configuration.with(MemoryConfig.SECTION, fixed);
    List<Step> steps = new ArrayList<>();
    for (Architecture architecture : bench.architectures()) {
      for (int tokens : bench.tokens(architecture)) {
        boolean longest = tokens == bench.longest();
        boolean furtherBlocks = longest && architecture == Architecture.BLOCKWISE;
        for (int block : furtherBlocks ? bench.feedForwardBlocks() : List.of(firstBlock)) {
          for (int ring : rings(architecture, longest, ranks)) {
            Configuration one =
                Variants.withFeedForwardBlock(
                    Variants.withRings(
                        Variants.of(base, architecture, tokens, 1, ranks), ring, tokens, ranks),
                    block);
            steps.add(new Step(architecture, ring, TrainingPlan.of(one, ranks), null));
          }
        }
      }
    }
    return steps;
  }

  /** Sizes of the ring to measure; they divide the ranks. */
  private static List<Integer> rings(Architecture architecture, boolean longest, int ranks) {
    if (architecture != Architecture.RING) {
      return List.of(1);
    }
    int least = longest ? 1 : ranks;
    return IntStream.rangeClosed(least, ranks).filter(ring -> ranks % ring == 0).boxed().toList();
  }

  private int run(Equipment equipment, RunOutput output) {
    int ranks = job.world().size();
    Device device = equipment.device();
    if (job.line().dryRun()) {
      for (Step step : steps) {
        long planned = step.plan().memory(step.plan().fullestRank(), device).bytes();
        output.log().line(step.title() + ": " + Units.bytes(planned));
      }
      return ExitCode.VALID;
    }
    output
        .log()
        .line(
            "peak of one training step, every row on a device of its own; blocks keep their inputs,"
                + " on the device; attention takes all heads at once; bytes of the fullest rank");
    table.header().forEach(output.log()::row);
    for (Step step : steps) {
      measure(step, equipment, output);
      output.write("memory.csv", table.csv());
    }
    if (worst != null) {
      checks.add(worst.check("memory, all rows (most apart: " + worstTitle + ")"));
    }
    MemorySlopes slopes =
        new MemorySlopes(
            configuration.get(BenchMemoryConfig.SECTION),
            configuration.get(ModelConfig.SECTION),
            device.compute(),
            device.sum(),
            rows);
    output.log().section("Growth by tokens on a rank, without the device's workspace");
    BenchTable growth = slopes.table(output.log()::row);
    output.write("memory_slopes.csv", growth.csv());
    checks.addAll(slopes.checks());
    output.plot("memory", () -> plot(slopes));
    return output.finish(
        checks, rows.size() + " rows, " + ranks + " ranks", Double.NaN, Double.NaN, Map.of());
  }

  private void measure(Step planned, Equipment equipment, RunOutput output) {
    Device device = equipment.device();
    MemoryLimits limits =
        MemoryLimits.of(job, device, planned.plan().configuration().get(MemoryConfig.SECTION));
    TrainingPlan plan = planned.plan().fitted(device, limits);
    TrainingMeasurement measurement =
        new TrainingMeasurement(job, equipment, plan, planned.samples());
    if (!plan.memory().fits() || !measurement.fits()) {
      output.log().line(RowChecks.missing(planned.title(), plan, device));
      checks.add(RowChecks.room(planned.title(), plan, device));
      return;
    }
    PeakMemory peak = measurement.stepPeak();
    if (worst == null || peak.worst().difference() > worst.worst().difference()) {
      worst = peak;
      worstTitle = planned.title();
    }
    int rank = plan.fullestRank();
    var shape = plan.setup().shape(rank);
    LayerFormulas formulas = new LayerFormulas(plan.setup().model(), device.compute().bytes());
    LayerMemoryTable.Row row =
        new LayerMemoryTable.Row(
            planned.architecture(),
            planned.ring(),
            plan.setup().sequence(),
            shape.tokens(),
            shape.feedForwardBlock(),
            plan.setup().model().layers(),
            LayerBytes.of(plan.memory(rank, device)),
            peak.largest().peak(),
            formulas.total(planned.architecture()).bytes(shape.tokens()));
    rows.add(row);
    output.log().row(table.row(row));
  }

  /** Length of a sequence to bytes of a layer. */
  private byte[] plot(MemorySlopes slopes) {
    List<Plots.Series> lines = new ArrayList<>();
    for (Architecture architecture : configuration.get(BenchMemoryConfig.SECTION).architectures()) {
      List<LayerMemoryTable.Row> lengths = slopes.lengths(architecture);
      lines.add(
          new Plots.Series(
              architecture.title(),
              lengths.stream().mapToDouble(LayerMemoryTable.Row::tokens).toArray(),
              lengths.stream().mapToDouble(LayerMemoryTable.Row::activations).toArray()));
    }
    return Plots.lines(
        "Activations of a layer on one of " + job.world().size() + " ranks",
        new Plots.Axis("tokens of a sequence", true),
        new Plots.Axis("bytes", true),
        lines);
  }
}
