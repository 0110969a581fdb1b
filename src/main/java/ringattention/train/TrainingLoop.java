package ringattention.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.metrics.Mfu;
import ringattention.metrics.PhaseTimes;
import ringattention.model.LossByPosition;
import ringattention.plan.CurriculumConfig;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.report.Check;
import ringattention.report.DataSeen;
import ringattention.report.LineSpacing;
import ringattention.report.Progress;
import ringattention.report.StepRecord;
import ringattention.report.Timestamps;
import ringattention.run.Doing;
import ringattention.run.FaultConfig;
import ringattention.run.FaultKind;
import ringattention.run.Job;
import ringattention.run.OutputConfig;
import ringattention.run.ProcessGrowth;
import ringattention.run.RunOutput;
import ringattention.run.Trace;

/** The steps of a training run: they are made, written down, and added up. */
public final class TrainingLoop {
  private final Job job;
  private final Configuration configuration;
  private final TrainConfig train;
  private final TrainingPlan plan;
  private final Device device;
  private final RunOutput output;
  private final StepHistory history;
  private Optional<PhaseTimes> deviceTimes = Optional.empty(); // of the traced step
  private final LineSpacing spacing;
  private ProcessGrowth growth; // null before the first step
  private DataSeen seen = new DataSeen(0, OptionalDouble.empty()); // up to the last step
  private Stop stop = Stop.NONE;
  private long tracedStep; // 0: none
  private Map<String, Object> heldOut = Map.of(); // see Validation
  private final Curriculum curriculum;
  private volatile long step; // running or last; read by the watchdog

  /**
   * Collective.
   *
   * @param curriculum as far as the run has come
   */
  public TrainingLoop(
      Job job,
      Configuration configuration,
      TrainingPlan plan,
      Curriculum curriculum,
      Device device,
      RunOutput output) {
    this.job = job;
    this.configuration = configuration;
    this.train = configuration.get(TrainConfig.SECTION);
    this.plan = plan;
    this.curriculum = curriculum;
    this.device = device;
    this.output = output;
    this.spacing = new LineSpacing(configuration.get(OutputConfig.SECTION).secondsBetweenLines());
    this.history = new StepHistory((double) train.sequence() * train.batch(), output.stepsBefore());
  }

  /** Steps to the run's last, or until it is to stop or its curriculum ends. Collective. */
  public void run(
      Trainer trainer, TrainingCheckpoints checkpoints, Optional<Validation> validation) {
    trainer.skipAtMost(train.maxSkippedSteps());
    boolean answers = CurriculumConfig.countsAnswers(configuration);
    if (answers) {
      trainer.countAnswers();
    }
    trainer.spoil(number -> fails(FaultKind.GRADIENT, number));
    step = trainer.step();
    seen = trainer.seenAfter(step);
    Progress progress = new Progress(train.steps());
    Timestamps timestamps = new Timestamps();
    growth = new ProcessGrowth(job, output, step);
    long first = step;
    long began = System.nanoTime();
    ObjLongConsumer<StepRecord> curves = output.curves(first);
    Consumer<String> csv =
        output.table(
            "steps.csv",
            StepRecord.csvHeader(
                plan.mfu(device, 1, 1).isPresent(), validation.isPresent(), answers));
    tracedStep = tracedStep(first);
    job.timer().reset();
    try (LivePlots plots = LivePlots.of(output, plan.setup().model().lossUnit())) {
      while (!ends() && stop == Stop.NONE) {
        step = step + 1;
        failOnPurpose();
        StepResult result = result(trainer, step == first + 1);
        int level = curriculum.level();
        Optional<String> levels = curriculum.after(result);
        boolean last = ends();
        Optional<LossByPosition> heldOut = validation.flatMap(loss -> loss.after(step, last));
        seen = trainer.seenAfter(step);
        StepRecord record = record(result, level, heldOut.map(LossByPosition::loss));
        csv.accept(record.csv(validation.isPresent()));
        curves.accept(record, device.peakBytes());
        output.event("step", record.fields());
        noteWithoutUpdate(result);
        double elapsed = (System.nanoTime() - began) * 1e-9;
        double expected = elapsed / (step - first) * (train.steps() - first);
        boolean asked = step % train.reportEvery() == 0 || step == 1;
        if (last || asked && spacing.due(elapsed, expected)) {
          OptionalDouble share = record.mfu().stream().mapToDouble(Mfu::causalExact).findFirst();
          output.log().row(progress.line(record, share, device.peakBytes()));
        }
        heldOut.ifPresent(losses -> Validation.lines(step, losses).forEach(output.log()::line));
        timestamps.after(step, heldOut.isPresent()).ifPresent(output.log()::line);
        levels.ifPresent(this::noteLevel);
        plots.after(history.records()).ifPresent(output.log()::line);
        growth.afterStep(step, last ? step : train.steps());
        checkpoints.afterStep(step);
        stop = last ? Stop.NONE : result.stop();
      }
    }
    heldOut = validation.map(Validation::summary).orElse(Map.of());
  }

  /** Returns what the summary says of held-out losses, see {@link Validation#summary}. */
  Map<String, Object> heldOut() {
    return heldOut;
  }

  /** The first step compiles, allocates and connects what later ones use. */
  private StepResult result(Trainer trainer, boolean first) {
    if (!first) {
      return step == tracedStep ? traced(trainer) : trainer.next();
    }
    try (Doing starting = output.doing("the first step")) {
      return step == tracedStep ? traced(trainer) : trainer.next();
    }
  }

  private boolean ends() {
    return step >= train.steps() || curriculum.ends();
  }

  private void noteLevel(String what) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("step", step);
    curriculum.put(event);
    output.event("level", event);
    output.log().line(what);
  }

  /**
   * Says that a step changed no weight; of those without labels only the first, they may be many.
   */
  private void noteWithoutUpdate(StepResult result) {
    if (!result.labelled()) {
      output.event("skip", Map.of("step", step, "reason", "no label counts"));
      if (history.unlabelled() == 1) {
        output
            .log()
            .line("WARNING: step " + step + " has no label that counts: no loss, no update");
      }
    } else if (!result.skipped().isEmpty()) {
      output.event("skip", Map.of("step", step, "reason", result.skipped()));
      output.log().line("step " + step + " skipped, weights are as before: " + result.skipped());
    }
  }

  private StepRecord record(StepResult result, int level, Optional<Double> heldOut) {
    double tokens = (double) train.sequence() * train.batch();
    var mfu = plan.mfu(device, result.seconds(), result.squares());
    StepRecord record = result.record(tokens, mfu, heldOut, seen, level);
    history.add(record, result.squares());
    return record;
  }

  /**
   * The host's times say nothing about a device that works beside it: one step is always traced,
   * the last; where it is not known which that will be, the second.
   */
  private long tracedStep(long first) {
    int asked = job.line().traced(train.steps());
    if (asked > 0 || !device.asynchronous()) {
      return asked;
    }
    return curriculum.isOn() ? Math.min(first + 2, train.steps()) : train.steps();
  }

  /** Returns the step that was to be traced; 0: none. */
  public long tracedStep() {
    return tracedStep;
  }

  private StepResult traced(Trainer trainer) {
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
    return configuration.get(FaultConfig.SECTION).hits(kind, job.world().rank(), atStep);
  }

  /** The step that is running or ran last. */
  public long step() {
    return step;
  }

  /** Returns what all steps up to the last have seen, those of earlier parts of the run too. */
  public DataSeen seen() {
    return seen;
  }

  /** Why the run stopped before its last step. */
  public Stop stop() {
    return stop;
  }

  /** Returns the steps that the run's folder knows of. */
  public StepHistory history() {
    return history;
  }

  /** Returns the levels of the run. */
  public Curriculum curriculum() {
    return curriculum;
  }

  /** What this rank's device did in the traced step. */
  public Optional<PhaseTimes> deviceTimes() {
    return deviceTimes;
  }

  /**
   * Returns the utilization of the mean step without the first; empty if no step was made, or no
   * peak is known.
   */
  public Optional<Mfu> mfu() {
    return history.trained()
        ? plan.mfu(device, history.stepSeconds(), history.squares())
        : Optional.empty();
  }

  /** Whether the processes grew. */
  public List<Check> growth() {
    return growth.checks();
  }
}
