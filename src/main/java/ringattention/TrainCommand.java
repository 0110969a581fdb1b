package ringattention;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import ringattention.checkpoint.CheckpointException;
import ringattention.comm.Communicator;
import ringattention.config.Configuration;
import ringattention.config.TrainConfig;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.metrics.Mfu;
import ringattention.metrics.PhaseTimes;
import ringattention.metrics.Statistics;
import ringattention.model.Replica;
import ringattention.report.LineSpacing;
import ringattention.report.MfuTable;
import ringattention.report.Plots;
import ringattention.report.Progress;
import ringattention.report.RunVerdict;
import ringattention.report.StepRecord;
import ringattention.report.TimeTable;
import ringattention.train.DivergedException;
import ringattention.train.StepResult;
import ringattention.train.Trainer;

/** {@code train}: a Transformer from text, over all ranks. */
final class TrainCommand {
  private final Job job;
  private final Configuration configuration;
  private final TrainConfig train;
  private TrainingPlan plan; // fitted once there is a device
  private final Samples samples;
  private final ModelFolders folders;
  private final Resumption resumption;
  private final List<StepRecord> records = new ArrayList<>();
  private final List<Double> squares = new ArrayList<>(); // of each step's documents' lengths
  private Optional<PhaseTimes> deviceTimes = Optional.empty(); // of the traced step
  private ProcessGrowth growth; // null before the first step
  private long step; // running or last

  private TrainCommand(
      Job job,
      Configuration configuration,
      TrainingPlan plan,
      Samples samples,
      ModelFolders folders,
      Resumption resumption) {
    this.job = job;
    this.configuration = configuration;
    this.train = configuration.train();
    this.plan = plan;
    this.samples = samples;
    this.folders = folders;
    this.resumption = resumption;
  }

  /** Reads the input; nothing is written or allocated before it is known to be good. Collective. */
  static TrainCommand of(Job job) {
    Configuration configuration = job.agree(() -> job.line().configuration());
    TrainingPlan plan = job.agree(() -> TrainingPlan.of(configuration, job.world().size()));
    Samples samples =
        job.agree(
            () -> {
              job.line().traced(configuration.train().steps());
              requireOneSequence(configuration, plan);
              return Samples.of(configuration);
            });
    ModelFolders folders = job.agree(() -> ModelFolders.of(configuration));
    Resumption resumption = Resumption.of(job, configuration);
    return new TrainCommand(job, configuration, plan, samples, folders, resumption);
  }

  private static void requireOneSequence(Configuration configuration, TrainingPlan plan) {
    if (configuration.data().documents() && plan.setup().batch() > 1) {
      throw configuration
          .source()
          .error(
              "train.microBatch",
              "must be 1 with data.documents, for positions are those of one sequence");
    }
  }

  /** The step that is running, for a message about a failure. */
  long step() {
    return step;
  }

  int run() {
    try (samples;
        Equipment equipment = Equipment.open(job, configuration)) {
      MemoryLimits limits = MemoryLimits.of(job, equipment.device(), configuration.memory());
      plan = plan.fitted(equipment.device(), limits);
      plan.requireRoom();
      if (job.line().dryRun()) {
        try (RunOutput output = RunOutput.console(job)) {
          announce(equipment, output);
          return ExitCode.VALID;
        }
      }
      try (RunOutput output = RunOutput.create(job, configuration)) {
        announce(equipment, output);
        return train(equipment, output);
      }
    }
  }

  private void announce(Equipment equipment, RunOutput output) {
    var header =
        Header.of(job, equipment, plan.setup().decomposition(), Optional.of(plan.setup().layout()));
    output.log().rows(header.lines());
    PlanCommand.print(plan, equipment.device(), output.log());
    resumption.lines().forEach(output.log()::line);
    Map<String, Object> start = new LinkedHashMap<>(header.fields());
    start.put("directory", Path.of("").toAbsolutePath().toString());
    start.put("seed", train.seed());
    start.put("parameters", plan.setup().model().parameters());
    start.put("corpus_documents", samples.documents());
    start.put("corpus_tokens", samples.tokens());
    start.put("resumed_step", resumption.position().step());
    output.event("start", start);
  }

  private int train(Equipment equipment, RunOutput output) {
    Device device = equipment.device();
    TrainingChecks checks = new TrainingChecks(job, plan);
    List<PhaseTimes> times;
    Map<String, Object> summary;
    try (Arena arena = plan.arena(job.world().rank(), device)) {
      Replica replica = plan.replica(equipment, device, arena, job.timer());
      Trainer trainer =
          new Trainer(
              train, plan.setup(), job.world(), replica, samples, job.timer(), System::nanoTime);
      if (!resumption.start(job, replica, trainer)) {
        folders.initialize(replica.parameters(), output);
      }
      output.log().section("Training");
      output.log().line(samples.documents() + " documents with " + samples.tokens() + " tokens");
      output.log().line(started());
      summary = steps(trainer, replica, device, output);
      times = times(device, output);
      mfu(device, output);
      folders.export(job, replica.parameters(), output);
    } catch (DivergedException e) {
      return invalid(output, e.getMessage(), ExitCode.DIVERGED);
    } catch (CheckpointException e) {
      return invalid(output, e.getMessage(), ExitCode.ERROR);
    }
    checks.memory(device);
    checks.loss(records);
    checks.add(growth.checks());
    checks.attention(configuration, equipment);
    plots(times, output);
    return finish(checks, summary, device, output);
  }

  /** Ends a run whose numbers may not be used; the same on every rank. */
  private static int invalid(RunOutput output, String why, int exitCode) {
    output.end(new RunVerdict(false, why), exitCode, Double.NaN, Double.NaN, List.of(), Map.of());
    return exitCode;
  }

  /** Gives what the summary says of checkpoints. */
  private Map<String, Object> steps(
      Trainer trainer, Replica replica, Device device, RunOutput output) {
    try (TrainingCheckpoints checkpoints =
        new TrainingCheckpoints(
            job, configuration, device, replica.parameters(), output, resumption.position())) {
      try {
        steps(trainer, checkpoints, device, output);
      } catch (DivergedException e) {
        checkpoints.await(); // what was saved before is good
        throw e;
      }
      checkpoints.finish(step);
      return checkpoints.summary();
    }
  }

  private void steps(
      Trainer trainer, TrainingCheckpoints checkpoints, Device device, RunOutput output) {
    step = trainer.step();
    Progress progress = new Progress(train.steps());
    LineSpacing spacing = new LineSpacing(configuration.output().secondsBetweenLines());
    growth = new ProcessGrowth(job, output, step);
    long first = step;
    long began = System.nanoTime();
    Consumer<String> csv = output.lines("steps.csv");
    csv.accept(StepRecord.csvHeader(plan.mfu(device, 1, 1).isPresent()));
    job.timer().reset();
    double tokens = (double) train.sequence() * train.batch();
    while (step < train.steps()) {
      step++;
      failOnPurpose();
      StepResult result =
          step == tracedStep(device) ? traced(trainer, device, output) : trainer.next();
      StepRecord record =
          new StepRecord(
              result.step(),
              result.loss(),
              result.gradientNorm(),
              result.learningRate(),
              result.seconds(),
              tokens / result.seconds(),
              plan.mfu(device, result.seconds(), result.squares()));
      squares.add(result.squares());
      records.add(record);
      csv.accept(record.csv());
      output.event("step", record.fields());
      double elapsed = (System.nanoTime() - began) * 1e-9;
      double expected = elapsed / (step - first) * (train.steps() - first);
      boolean asked = step % train.reportEvery() == 0 || step == 1;
      if (step == train.steps() || asked && spacing.due(elapsed, expected)) {
        OptionalDouble share = record.mfu().stream().mapToDouble(Mfu::causalExact).findFirst();
        output.log().row(progress.line(record, share, device.peakBytes()));
      }
      growth.afterStep(step, train.steps());
      checkpoints.afterStep(step);
    }
  }

  /**
   * The host's times say nothing about a device that works beside it: one step is always traced.
   */
  private int tracedStep(Device device) {
    int asked = job.line().traced(train.steps());
    return asked == 0 && device.asynchronous() ? train.steps() : asked;
  }

  private StepResult traced(Trainer trainer, Device device, RunOutput output) {
    Trace trace = new Trace(job, device);
    Trace.Recorded<StepResult> recorded = trace.record("step " + step, trainer::next);
    if (device.asynchronous()) {
      deviceTimes = Optional.of(recorded.deviceTimes());
    }
    if (job.line().traced(train.steps()) > 0) {
      trace.write(recorded, output);
    }
    return recorded.result();
  }

  /** For trying job scripts: see section [fault] of the input. */
  private void failOnPurpose() {
    if (configuration.fault().rank() == job.world().rank()
        && configuration.fault().step() == step) {
      throw new IllegalStateException("failure asked for by section [fault] of the input");
    }
  }

  /** The time table of all ranks. Collective. */
  private List<PhaseTimes> times(Device device, RunOutput output) {
    PhaseTimes own = deviceTimes.orElseGet(() -> job.timer().times());
    List<PhaseTimes> times =
        job.world().gather(own.toArray()).stream().map(PhaseTimes::of).toList();
    if (job.root()) {
      TimeTable table = new TimeTable(times);
      output
          .log()
          .section(
              deviceTimes.isPresent()
                  ? "Time of step " + tracedStep(device) + ", by the device's events, over ranks"
                  : "Time, all steps, over ranks");
      output.log().rows(table.lines());
      table
          .advice(plan.balance(), plan.setup().layout().largestShard())
          .forEach(output.log()::line);
      double[] seconds = steady(seconds()).stream().mapToDouble(Double::doubleValue).toArray();
      output.log().line(TimeTable.spread(seconds));
    }
    return times;
  }

  private void mfu(Device device, RunOutput output) {
    plan.mfu(device, mean(steady(seconds())), mean(steady(squares)))
        .ifPresent(
            shares -> {
              output.log().section("Model FLOP utilization, without the first step");
              output.log().rows(new MfuTable(plan.flops(mean(steady(squares))), shares).lines());
            });
  }

  private void plots(List<PhaseTimes> times, RunOutput output) {
    if (configuration.output().plots() && job.root()) {
      output.write("plots/loss.png", Plots.loss(records));
      output.write("plots/tokens_per_s.png", Plots.tokensPerSecond(records));
      output.write("plots/time_breakdown.png", Plots.timeBreakdown(times));
    }
  }

  private int finish(
      TrainingChecks checks, Map<String, Object> checkpoints, Device device, RunOutput output) {
    StepRecord last = records.get(records.size() - 1);
    double rate = (double) train.sequence() * train.batch() / mean(steady(seconds()));
    String result =
        String.format(
            Locale.ROOT,
            "final loss %.4f, %.2f ktok/s without the first step, %d ranks",
            last.loss(),
            rate * 1e-3,
            job.world().size());
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("steps", train.steps());
    double[] times = steady(seconds()).stream().mapToDouble(Double::doubleValue).toArray();
    more.put("step_p50_s", Statistics.percentile(50, times));
    more.put("step_p99_s", Statistics.percentile(99, times));
    more.put("planned_peak_bytes", checks.plannedBytes());
    more.put("measured_peak_bytes", checks.measuredBytes());
    plan.mfu(device, mean(steady(seconds())), mean(steady(squares)))
        .ifPresent(shares -> StepRecord.putMfu(more, shares));
    more.putAll(checkpoints);
    return output.finish(checks.all(), result, last.loss(), rate, more);
  }

  /** All steps but the first, which warms up. */
  private static List<Double> steady(List<Double> values) {
    return values.size() > 1 ? values.subList(1, values.size()) : values;
  }

  private static double mean(List<Double> values) {
    return Statistics.of(values.stream().mapToDouble(Double::doubleValue).toArray()).mean();
  }

  private List<Double> seconds() {
    return records.stream().map(StepRecord::timeS).toList();
  }

  /** Time from the start of this process to the first step, of the slowest rank. Collective. */
  private String started() {
    double[] seconds = {
      ProcessHandle.current()
          .info()
          .startInstant()
          .map(start -> Duration.between(start, Instant.now()).toMillis() * 1e-3)
          .orElse(Double.NaN)
    };
    job.world().allReduce(seconds, Communicator.Operation.MAX);
    return String.format(
        Locale.ROOT,
        "started in %.1f s; %d parameters; losses are means over the labels of %d tokens a step, in nats",
        seconds[0],
        plan.setup().model().parameters(),
        (long) train.sequence() * train.batch());
  }
}
