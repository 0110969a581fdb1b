package ringattention;

import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import ringattention.checkpoint.CheckpointException;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.comm.Communicator;
import ringattention.config.Configuration;
import ringattention.config.FaultKind;
import ringattention.config.InputException;
import ringattention.config.TrainConfig;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.metrics.Mfu;
import ringattention.metrics.PhaseTimes;
import ringattention.metrics.Statistics;
import ringattention.model.Replica;
import ringattention.report.MfuTable;
import ringattention.report.Plots;
import ringattention.report.Progress;
import ringattention.report.RunLock;
import ringattention.report.RunVerdict;
import ringattention.report.StepRecord;
import ringattention.report.TimeTable;
import ringattention.train.DivergedException;
import ringattention.train.StepResult;
import ringattention.train.Stop;
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
  private final StopRequests stops;
  private final Optional<RunLock> lock; // of a folder to go on with, on rank 0
  private List<StepRecord> records = new ArrayList<>(); // those of the folder before come first
  private int before; // of the records
  private Stop stop = Stop.NONE;
  private int skipped; // steps
  private final List<Double> squares = new ArrayList<>(); // of each step's documents' lengths
  private Optional<PhaseTimes> deviceTimes = Optional.empty(); // of the traced step
  private long step; // running or last

  private TrainCommand(
      Job job,
      Configuration configuration,
      TrainingPlan plan,
      Samples samples,
      ModelFolders folders,
      Optional<RunLock> lock,
      Resumption resumption,
      StopRequests stops) {
    this.job = job;
    this.configuration = configuration;
    this.train = configuration.train();
    this.plan = plan;
    this.samples = samples;
    this.folders = folders;
    this.lock = lock;
    this.resumption = resumption;
    this.stops = stops;
  }

  /** Reads the input; nothing is written or allocated before it is known to be good. Collective. */
  static TrainCommand of(Job job) {
    StopRequests stops =
        new StopRequests(
            job.line().maxMinutes(),
            text -> {
              if (job.root()) {
                job.console().println(text);
              }
            });
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
    Optional<RunLock> lock = job.agree(() -> lock(job));
    try {
      Resumption resumption = Resumption.of(job, configuration);
      return new TrainCommand(job, configuration, plan, samples, folders, lock, resumption, stops);
    } catch (InputException e) {
      lock.ifPresent(RunLock::close);
      throw e;
    }
  }

  /** Before anything in the folder is looked at: no other run may change it. */
  private static Optional<RunLock> lock(Job job) {
    return job.line()
        .output()
        .filter(folder -> job.line().resume() && !job.line().dryRun())
        .filter(folder -> job.root() && Files.isDirectory(folder))
        .map(RunLock::take);
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
      try (RunOutput output = output()) {
        announce(equipment, output);
        return train(equipment, output);
      }
    }
  }

  private RunOutput output() {
    double[] resumed = {lock.isPresent() ? 1 : 0};
    job.world().allReduce(resumed, Communicator.Operation.MAX);
    if (resumed[0] == 0) {
      return RunOutput.create(job, configuration);
    }
    long from = resumption.position().step();
    lock.ifPresent(held -> CheckpointSearch.abandonAfter(from, job.line().output().orElseThrow()));
    RunOutput output = RunOutput.resume(job, configuration, lock.orElse(null), from);
    records = output.steps();
    before = records.size();
    return output;
  }

  private void announce(Equipment equipment, RunOutput output) {
    var header =
        Header.of(job, equipment, plan.setup().decomposition(), Optional.of(plan.setup().layout()));
    output.log().rows(header.lines());
    PlanCommand.print(plan, equipment.device(), output.log());
    resumption.lines().forEach(output.log()::line);
    Map<String, Object> start = new LinkedHashMap<>();
    start.put("command", String.join(" ", header.command()));
    start.put("version", header.program());
    start.put("git", header.gitHash());
    start.put("ranks", job.world().size());
    start.put("ring", plan.setup().decomposition().ring());
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
      trainer.stopWhen(stops);
      trainer.skipAtMost(train.maxSkippedSteps());
      trainer.spoil(number -> fails(FaultKind.GRADIENT, number));
      if (!resumption.start(job, replica, trainer)) {
        folders.initialize(replica.parameters(), output);
      }
      output.log().section("Training");
      output.log().line(samples.documents() + " documents with " + samples.tokens() + " tokens");
      output.log().line(started());
      summary = steps(trainer, replica, device, output);
      if (stop != Stop.NONE) {
        return stopped(summary, output);
      }
      times = times(device, output);
      mfu(device, output);
      folders.export(job, replica.parameters(), output);
    } catch (DivergedException e) {
      return invalid(output, e.getMessage(), ExitCode.DIVERGED);
    } catch (CheckpointException e) {
      return invalid(output, e.getMessage(), ExitCode.ERROR);
    }
    checks.memory(device, records.size() > before);
    checks.loss(records);
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
      if (stop == Stop.NONE) {
        checkpoints.finish(step);
      } else {
        output.log().line(stop.title() + ": stopping after step " + step);
        checkpoints.stop(step);
      }
      return checkpoints.summary();
    }
  }

  private void steps(
      Trainer trainer, TrainingCheckpoints checkpoints, Device device, RunOutput output) {
    step = trainer.step();
    Progress progress = new Progress(train.steps());
    Consumer<String> csv =
        output.table("steps.csv", StepRecord.csvHeader(plan.mfu(device, 1, 1).isPresent()));
    job.timer().reset();
    double tokens = (double) train.sequence() * train.batch();
    while (step < train.steps() && stop == Stop.NONE) {
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
      if (!result.skipped().isEmpty()) {
        skipped++;
        output.event("skip", Map.of("step", step, "reason", result.skipped()));
        output.log().line("step " + step + " skipped, weights are as before: " + result.skipped());
      }
      if (step % train.reportEvery() == 0 || step == 1 || step == train.steps()) {
        OptionalDouble share = record.mfu().stream().mapToDouble(Mfu::causalExact).findFirst();
        output.log().row(progress.line(record, share, device.peakBytes()));
      }
      checkpoints.afterStep(step);
      stop = step < train.steps() ? result.stop() : Stop.NONE;
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
    if (fails(FaultKind.EXCEPTION, step)) {
      throw new IllegalStateException("failure asked for by section [fault] of the input");
    }
    while (fails(FaultKind.STALL, step)) {
      LockSupport.park(this);
    }
  }

  private boolean fails(FaultKind kind, long atStep) {
    return configuration.fault().hits(kind, job.world().rank(), atStep);
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
    }
    return times;
  }

  private void mfu(Device device, RunOutput output) {
    if (squares.isEmpty()) {
      return; // no step was left to do
    }
    plan.mfu(device, steady(seconds()), steady(squares))
        .ifPresent(
            shares -> {
              output.log().section("Model FLOP utilization, without the first step");
              output.log().rows(new MfuTable(plan.flops(steady(squares)), shares).lines());
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
    double rate = rate();
    String result =
        String.format(
            Locale.ROOT,
            "final loss %.4f, %.2f ktok/s without the first step, %d ranks",
            lastLoss(),
            rate * 1e-3,
            job.world().size());
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("steps", train.steps());
    more.put("planned_peak_bytes", checks.plannedBytes());
    more.put("measured_peak_bytes", checks.measuredBytes());
    more.put("skipped_steps", skipped);
    if (!squares.isEmpty()) {
      plan.mfu(device, steady(seconds()), steady(squares))
          .ifPresent(shares -> StepRecord.putMfu(more, shares));
    }
    more.putAll(checkpoints);
    return output.finish(checks.all(), result, lastLoss(), rate, more);
  }

  /** Ends a run that is to go on later; its numbers are not judged yet. */
  private int stopped(Map<String, Object> checkpoints, RunOutput output) {
    String text =
        String.format(
            Locale.ROOT,
            "after step %d of %d by %s, with a checkpoint; --resume goes on",
            step,
            train.steps(),
            stop.title());
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("steps", train.steps());
    more.put("stopped_step", step);
    more.put("stopped_by", stop.title());
    more.put("skipped_steps", skipped);
    more.putAll(checkpoints);
    output.end(RunVerdict.stopped(text), ExitCode.STOPPED, lastLoss(), rate(), List.of(), more);
    return ExitCode.STOPPED;
  }

  /** NaN if no step is known of. */
  private double lastLoss() {
    return records.isEmpty() ? Double.NaN : records.get(records.size() - 1).loss();
  }

  /** Tokens of all ranks per second. */
  private double rate() {
    return (double) train.sequence() * train.batch() / steady(seconds());
  }

  /** Mean over all steps but the first, which warms up; NaN without any. */
  private static double steady(List<Double> values) {
    if (values.isEmpty()) {
      return Double.NaN;
    }
    List<Double> steady = values.size() > 1 ? values.subList(1, values.size()) : values;
    return Statistics.of(steady.stream().mapToDouble(Double::doubleValue).toArray()).mean();
  }

  /** Of the steps done now, if there are any: those before may have had another machine. */
  private List<Double> seconds() {
    return records.stream()
        .skip(before == records.size() ? 0 : before)
        .map(StepRecord::timeS)
        .toList();
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
