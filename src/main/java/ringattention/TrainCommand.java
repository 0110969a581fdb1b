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
import ringattention.checkpoint.CheckpointException;
import ringattention.comm.Communicator;
import ringattention.config.Configuration;
import ringattention.config.TrainConfig;
import ringattention.data.SequenceSampler;
import ringattention.data.TextCorpus;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.metrics.PhaseTimes;
import ringattention.model.Replica;
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
  private final TrainingPlan plan;
  private final SequenceSampler sampler;
  private final Resumption resumption;
  private final List<StepRecord> records = new ArrayList<>();
  private long step; // running or last

  private TrainCommand(
      Job job,
      Configuration configuration,
      TrainingPlan plan,
      SequenceSampler sampler,
      Resumption resumption) {
    this.job = job;
    this.configuration = configuration;
    this.train = configuration.train();
    this.plan = plan;
    this.sampler = sampler;
    this.resumption = resumption;
  }

  /** Reads the input; nothing is written or allocated before it is known to be good. Collective. */
  static TrainCommand of(Job job) {
    Configuration configuration = job.agree(() -> job.line().configuration());
    TrainingPlan plan = job.agree(() -> TrainingPlan.of(configuration, job.world().size()));
    SequenceSampler sampler =
        job.agree(
            () -> {
              job.line().traced(configuration.train().steps());
              return new SequenceSampler(configuration, new TextCorpus(configuration));
            });
    Resumption resumption = Resumption.of(job, configuration);
    return new TrainCommand(job, configuration, plan, sampler, resumption);
  }

  /** The step that is running, for a message about a failure. */
  long step() {
    return step;
  }

  int run() {
    try (Equipment equipment = Equipment.open(job, configuration)) {
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
    Map<String, Object> start = new LinkedHashMap<>();
    start.put("command", String.join(" ", header.command()));
    start.put("version", header.program());
    start.put("git", header.gitHash());
    start.put("ranks", job.world().size());
    start.put("ring", plan.setup().decomposition().ring());
    start.put("parameters", plan.setup().model().parameters());
    start.put("resumed_step", resumption.position().step());
    output.event("start", start);
  }

  private int train(Equipment equipment, RunOutput output) {
    Device device = equipment.device();
    TrainingChecks checks = new TrainingChecks(job, plan);
    Map<String, Object> summary;
    try (Arena arena = new Arena(device)) {
      Replica replica = replica(equipment, arena);
      Trainer trainer =
          new Trainer(
              train, plan.setup(), job.world(), replica, sampler, job.timer(), System::nanoTime);
      resumption.start(job, configuration, replica, trainer);
      output.log().section("Training");
      output.log().line(started());
      summary = steps(trainer, replica, device, output);
    } catch (DivergedException e) {
      return invalid(output, e.getMessage(), ExitCode.DIVERGED);
    } catch (CheckpointException e) {
      return invalid(output, e.getMessage(), ExitCode.ERROR);
    }
    List<PhaseTimes> times = times(output);
    checks.memory(device);
    checks.loss(records);
    checks.attention(configuration, equipment);
    plots(times, output);
    return finish(checks, summary, output);
  }

  /** Ends a run whose numbers may not be used; the same on every rank. */
  private static int invalid(RunOutput output, String why, int exitCode) {
    output.end(new RunVerdict(false, why), exitCode, Double.NaN, Double.NaN, List.of(), Map.of());
    return exitCode;
  }

  /** Allocates everything a step needs. */
  private Replica replica(Equipment equipment, Arena arena) {
    try {
      return new Replica(plan.setup(), equipment.world(), equipment.device(), arena, job.timer());
    } catch (OutOfMemoryError full) {
      throw new OutOfMemoryError(
          full.getMessage() + "; " + plan.largest(job.world().rank(), equipment.device()));
    }
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
    Consumer<String> csv = output.lines("steps.csv");
    csv.accept(StepRecord.CSV_HEADER);
    Trace trace = new Trace(job, device, output);
    int traced = job.line().traced(train.steps());
    job.timer().reset();
    double tokens = (double) train.sequence() * train.batch();
    while (step < train.steps()) {
      step++;
      failOnPurpose();
      StepResult result = step == traced ? trace.of("step " + step, trainer::next) : trainer.next();
      StepRecord record =
          new StepRecord(
              result.step(),
              result.loss(),
              result.gradientNorm(),
              result.learningRate(),
              result.seconds(),
              tokens / result.seconds());
      records.add(record);
      csv.accept(record.csv());
      output.event("step", record.fields());
      if (step % train.reportEvery() == 0 || step == 1 || step == train.steps()) {
        output.log().row(progress.line(record, OptionalDouble.empty(), device.peakBytes()));
      }
      checkpoints.afterStep(step);
    }
  }

  /** For trying job scripts: see section [fault] of the input. */
  private void failOnPurpose() {
    if (configuration.fault().rank() == job.world().rank()
        && configuration.fault().step() == step) {
      throw new IllegalStateException("failure asked for by section [fault] of the input");
    }
  }

  /** The time table of all ranks. Collective. */
  private List<PhaseTimes> times(RunOutput output) {
    List<PhaseTimes> times =
        job.world().gather(job.timer().times().toArray()).stream().map(PhaseTimes::of).toList();
    if (job.root()) {
      TimeTable table = new TimeTable(times);
      output.log().section("Time, all steps, over ranks");
      output.log().rows(table.lines());
      table
          .advice(plan.balance(), plan.setup().layout().largestShard())
          .forEach(output.log()::line);
    }
    return times;
  }

  private void plots(List<PhaseTimes> times, RunOutput output) {
    if (configuration.output().plots() && job.root()) {
      output.write("plots/loss.png", Plots.loss(records));
      output.write("plots/tokens_per_s.png", Plots.tokensPerSecond(records));
      output.write("plots/time_breakdown.png", Plots.timeBreakdown(times));
    }
  }

  private int finish(TrainingChecks checks, Map<String, Object> checkpoints, RunOutput output) {
    StepRecord last = records.get(records.size() - 1);
    double rate = steadyRate();
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
    more.putAll(checkpoints);
    return output.finish(checks.all(), result, last.loss(), rate, more);
  }

  /** Tokens per second over all steps but the first, which warms up. */
  private double steadyRate() {
    List<StepRecord> steady = records.size() > 1 ? records.subList(1, records.size()) : records;
    double seconds = steady.stream().mapToDouble(StepRecord::timeS).sum();
    return steady.size() * (double) train.sequence() * train.batch() / seconds;
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
