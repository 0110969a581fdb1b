package ringattention.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import ringattention.bench.Benchmark;
import ringattention.bench.RowChecks;
import ringattention.bench.training.BenchTrainingConfig;
import ringattention.bench.training.TrainingMeasurement;
import ringattention.bench.training.TrainingTable;
import ringattention.cli.ExitCode;
import ringattention.data.Samples;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.model.ModelConfig;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.report.Check;
import ringattention.report.TimeTable;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;
import ringattention.train.DivergedException;

/**
 * {@code bench training}: a row of seconds and bytes for each length of sequence, and its checks.
 */
public final class BenchTrainingCommand {
  /** One row to be. */
  private record Length(TrainingPlan plan, Samples samples) {
    private int tokens() {
      return plan.setup().sequence();
    }

    private String name() {
      return tokens() + " tokens";
    }
  }

  private final Job job;
  private final Configuration configuration;
  private final BenchTrainingConfig bench;
  private final List<Length> lengths;
  private final TrainingTable<TrainingTable.Steps> steps = TrainingTable.ofSteps();
  private final TrainingTable<TrainingTable.Rehearsal> rehearsals = TrainingTable.ofRehearsals();
  private final List<Check> checks = new ArrayList<>();

  private BenchTrainingCommand(Job job, Configuration configuration, List<Length> lengths) {
    this.job = job;
    this.configuration = configuration;
    this.bench = configuration.get(BenchTrainingConfig.SECTION);
    this.lengths = lengths;
  }

  /** Reads the input; nothing is written or allocated before it is known to be good. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    List<Length> lengths =
        job.agree(() -> plans(job, configuration)).stream()
            .map(plan -> new Length(plan, SharedInput.samples(job, plan.configuration())))
            .toList();
    BenchTrainingCommand command = new BenchTrainingCommand(job, configuration, lengths);
    return Benchmark.run(
        job,
        command.configuration,
        command.lengths.get(0).plan().setup().decomposition(),
        command::run);
  }

  private static List<TrainingPlan> plans(Job job, Configuration configuration) {
    BenchTrainingConfig bench = configuration.get(BenchTrainingConfig.SECTION);
    int layers = configuration.get(ModelConfig.SECTION).layers();
    if (bench.forwardBlocks(layers) > layers) {
      throw configuration
          .source()
          .error("benchTraining.rehearseForward", "must be at most model.layers (" + layers + ")");
    }
    if (bench.rehearse() > bench.forwardBlocks(layers)) {
      throw configuration
          .source()
          .error(
              "benchTraining.rehearse",
              "must be at most the blocks of the forward (" + bench.forwardBlocks(layers) + ")");
    }
    if (bench.deviceGiB().size() > 0 && bench.deviceGiB().size() != bench.tokens().size()) {
      throw configuration
          .source()
          .error(
              "benchTraining.deviceGiB", "must have one number for each of benchTraining.tokens");
    }
    List<TrainingPlan> plans = new ArrayList<>();
    for (int row = 0; row < bench.tokens().size(); row++) {
      MemoryConfig room = configuration.get(MemoryConfig.SECTION);
      if (bench.deviceGiB().size() > 0) {
        room = room.withDeviceGiB(bench.deviceGiB().get(row));
      }
      Configuration one = Variants.of(configuration, bench.tokens().get(row), room);
      plans.add(TrainingPlan.of(one, job.world().size()));
    }
    return plans;
  }

  private int run(Equipment equipment, RunOutput output) {
    int ranks = job.world().size();
    if (job.line().dryRun()) {
      for (Length length : lengths) {
        Device device = equipment.device();
        MemoryLimits limits =
            MemoryLimits.of(job, device, length.plan().configuration().get(MemoryConfig.SECTION));
        PlanReport.print(length.plan().fitted(device, limits), device, output.log());
      }
      return ExitCode.VALID;
    }
    boolean rehearsal = bench.rehearse() > 0;
    output.log().line(remark(rehearsal));
    (rehearsal ? rehearsals.header() : steps.header()).forEach(output.log()::row);
    for (Length length : lengths) {
      try (Samples open = length.samples()) {
        measure(length, equipment, output);
      }
      if (rehearsal) {
        output.write("rehearsals.csv", rehearsals.csv());
      } else {
        output.write("training.csv", steps.csv());
      }
    }
    return output.finish(
        checks, lengths.size() + " rows, " + ranks + " ranks", Double.NaN, Double.NaN, Map.of());
  }

  private String remark(boolean rehearsal) {
    String what =
        rehearsal
            ? "one forward of the last "
                + bench.forwardBlocks(configuration.get(ModelConfig.SECTION).layers())
                + " blocks, then loss head and backward of the last "
                + bench.rehearse()
            : "median of " + bench.steps() + " steps after " + bench.warmup() + " not timed";
    return what + "; every row on a device of its own; memory of the fullest rank";
  }

  private void measure(Length planned, Equipment equipment, RunOutput output) {
    Device device = equipment.device();
    TrainingPlan plan = planned.plan();
    MemoryLimits limits =
        MemoryLimits.of(job, device, plan.configuration().get(MemoryConfig.SECTION));
    Length length = new Length(plan.fitted(device, limits), planned.samples());
    output.log().line(length.tokens() + " tokens: " + length.plan().memory().why());
    TrainingMeasurement measurement =
        new TrainingMeasurement(job, equipment, length.plan(), length.samples());
    if (!length.plan().memory().fits() || !measurement.fits()) {
      missing(length, equipment, output);
      return;
    }
    try {
      if (bench.rehearse() > 0) {
        rehearse(length, measurement.rehearsal(), output);
      } else {
        step(length, measurement.steps(), equipment, output);
      }
    } catch (DivergedException e) {
      output.log().line(length.tokens() + " tokens: no row: " + e.getMessage());
      checks.add(RowChecks.diverged(length.name(), vocabulary(length)));
    }
  }

  private void missing(Length length, Equipment equipment, RunOutput output) {
    Device device = equipment.device();
    output.log().line(RowChecks.missing(length.name(), length.plan(), device));
    checks.add(RowChecks.room(length.name(), length.plan(), device));
  }

  private void step(
      Length length, TrainingMeasurement.Steps measured, Equipment equipment, RunOutput output) {
    double stepS = measured.median();
    String line =
        steps.row(
            new TrainingTable.Steps(
                subject(length),
                stepS,
                configuration.get(TrainConfig.SECTION).batch(),
                length.plan().mfu(equipment.device(), stepS, measured.last().squares()),
                measured.memory().largest(),
                measured.exposedWaitS()));
    output.log().row(line);
    output
        .log()
        .line(
            String.format(
                Locale.ROOT,
                "%s, gradient norm %.2f at step %d; steps: %s s",
                RowChecks.lossText(measured.last().loss()),
                measured.last().gradientNorm(),
                measured.last().step(),
                Arrays.stream(measured.seconds())
                    .mapToObj(seconds -> String.format(Locale.ROOT, "%.3f", seconds))
                    .collect(Collectors.joining(", "))));
    if (job.root()) {
      output
          .log()
          .section("Time of step " + measured.last().step() + ", " + length.tokens() + " tokens");
      output.log().rows(new TimeTable(measured.times()).lines());
    }
    checks.add(loss(length, measured.last().loss()));
    checks.add(measured.memory().check("memory, " + length.tokens() + " tokens"));
  }

  private void rehearse(Length length, TrainingMeasurement.Rehearsal measured, RunOutput output) {
    output
        .log()
        .row(
            rehearsals.row(
                new TrainingTable.Rehearsal(
                    subject(length),
                    bench.forwardBlocks(configuration.get(ModelConfig.SECTION).layers()),
                    measured.forwardS(),
                    bench.rehearse(),
                    measured.backwardS(),
                    measured.memory().largest())));
    output.log().line(RowChecks.lossText(measured.loss()));
    checks.add(loss(length, measured.loss()));
    checks.add(measured.memory().check("memory, " + length.tokens() + " tokens"));
  }

  private TrainingTable.Subject subject(Length length) {
    TrainingPlan plan = length.plan();
    return new TrainingTable.Subject(
        plan.setup().model().name(),
        plan.setup().model().layers(),
        length.tokens(),
        job.world().size(),
        plan.saved(),
        plan.offload());
  }

  private Check loss(Length length, double loss) {
    return RowChecks.loss(length.name(), loss, vocabulary(length));
  }

  private static int vocabulary(Length length) {
    return length.plan().setup().model().vocabulary();
  }
}
