package ringattention;

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
import ringattention.comm.Communicator;
import ringattention.config.Configuration;
import ringattention.config.TrainConfig;
import ringattention.data.SequenceSampler;
import ringattention.data.TextCorpus;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.metrics.Mfu;
import ringattention.metrics.PhaseTimes;
import ringattention.metrics.Statistics;
import ringattention.model.Replica;
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
  private final SequenceSampler sampler;
  private final List<StepRecord> records = new ArrayList<>();
  private Optional<PhaseTimes> deviceTimes = Optional.empty(); // of the traced step
  private long step; // running or last

  private TrainCommand(
      Job job, Configuration configuration, TrainingPlan plan, SequenceSampler sampler) {
    this.job = job;
    this.configuration = configuration;
    this.train = configuration.train();
    this.plan = plan;
    this.sampler = sampler;
  }

  /** Reads the input; nothing is written or allocated before it is known to be good. Collective. */
  static TrainCommand of(Job job) {
    return job.agree(
        () -> {
          Configuration configuration = job.line().configuration();
          TrainingPlan plan = TrainingPlan.of(configuration, job.world().size());
          job.line().traced(configuration.train().steps());
          TextCorpus corpus = new TextCorpus(configuration);
          return new TrainCommand(
              job, configuration, plan, new SequenceSampler(configuration, corpus));
        });
  }

  /** The step that is running, for a message about a failure. */
  long step() {
    return step;
  }

  int run() {
    try (Equipment equipment = Equipment.open(job, configuration)) {
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
    Map<String, Object> start = new LinkedHashMap<>();
    start.put("command", String.join(" ", header.command()));
    start.put("version", header.program());
    start.put("git", header.gitHash());
    start.put("ranks", job.world().size());
    start.put("ring", plan.setup().decomposition().ring());
    start.put("parameters", plan.setup().model().parameters());
    output.event("start", start);
  }

  private int train(Equipment equipment, RunOutput output) {
    Device device = equipment.device();
    TrainingChecks checks = new TrainingChecks(job, plan);
    try (Arena arena = arena(device)) {
      Replica replica = replica(equipment, arena);
      replica.parameters().initialize(train.seed(), plan.setup().model().initStd());
      Trainer trainer =
          new Trainer(
              train, plan.setup(), job.world(), replica, sampler, job.timer(), System::nanoTime);
      output.log().section("Training");
      output.log().line(started());
      steps(trainer, device, output);
    } catch (DivergedException e) {
      output.end(
          new RunVerdict(false, e.getMessage()),
          ExitCode.DIVERGED,
          Double.NaN,
          Double.NaN,
          List.of(),
          Map.of());
      return ExitCode.DIVERGED;
    }
    List<PhaseTimes> times = times(device, output);
    mfu(device, output);
    checks.memory(device);
    checks.loss(records);
    checks.attention(configuration, equipment);
    plots(times, output);
    return finish(checks, device, output);
  }

  /** Allocates everything a step needs on the device. */
  private Arena arena(Device device) {
    int rank = job.world().rank();
    try {
      device.reserveWorkspace(plan.attentionCalls(rank, device));
      return new Arena(device, plan.buffers(rank, device).bytes());
    } catch (OutOfMemoryError full) {
      throw new OutOfMemoryError(full.getMessage() + "; " + plan.largest(rank, device));
    }
  }

  private Replica replica(Equipment equipment, Arena arena) {
    return new Replica(
        plan.setup(),
        equipment.world(),
        equipment.collectives(),
        equipment.device(),
        arena,
        job.timer());
  }

  private void steps(Trainer trainer, Device device, RunOutput output) {
    Progress progress = new Progress(train.steps());
    Consumer<String> csv = output.lines("steps.csv");
    csv.accept(StepRecord.csvHeader(plan.mfu(device, 1).isPresent()));
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
              plan.mfu(device, result.seconds()));
      records.add(record);
      csv.accept(record.csv());
      output.event("step", record.fields());
      if (step % train.reportEvery() == 0 || step == 1 || step == train.steps()) {
        OptionalDouble share = record.mfu().stream().mapToDouble(Mfu::causalExact).findFirst();
        output.log().row(progress.line(record, share, device.peakBytes()));
      }
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
    }
    return times;
  }

  private void mfu(Device device, RunOutput output) {
    plan.mfu(device, steadyStepSeconds())
        .ifPresent(
            shares -> {
              output.log().section("Model FLOP utilization, without the first step");
              output.log().rows(new MfuTable(plan.flops(), shares).lines());
            });
  }

  private void plots(List<PhaseTimes> times, RunOutput output) {
    if (configuration.output().plots() && job.root()) {
      output.write("plots/loss.png", Plots.loss(records));
      output.write("plots/tokens_per_s.png", Plots.tokensPerSecond(records));
      output.write("plots/time_breakdown.png", Plots.timeBreakdown(times));
    }
  }

  private int finish(TrainingChecks checks, Device device, RunOutput output) {
    StepRecord last = records.get(records.size() - 1);
    double rate = (double) train.sequence() * train.batch() / steadyStepSeconds();
    String result =
        String.format(
            Locale.ROOT,
            "final loss %.4f, %.2f ktok/s without the first step, %d ranks",
            last.loss(),
            rate * 1e-3,
            job.world().size());
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("steps", train.steps());
    more.put("planned_peak_bytes", checks.plannedBytes());
    more.put("measured_peak_bytes", checks.measuredBytes());
    plan.mfu(device, steadyStepSeconds()).ifPresent(shares -> StepRecord.putMfu(more, shares));
    return output.finish(checks.all(), result, last.loss(), rate, more);
  }

  /** Mean over all steps but the first, which warms up. */
  private double steadyStepSeconds() {
    List<StepRecord> steady = records.size() > 1 ? records.subList(1, records.size()) : records;
    return Statistics.of(steady.stream().mapToDouble(StepRecord::timeS).toArray()).mean();
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
        "started in %.1f s; %d parameters; losses are means over %d tokens a step, in nats",
        seconds[0],
        plan.setup().model().parameters(),
        (long) train.sequence() * train.batch());
  }
}
