package ringattention.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.metrics.Mfu;
import ringattention.metrics.PhaseTimes;
import ringattention.metrics.Statistics;
import ringattention.model.LossByPosition;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.report.Check;
import ringattention.report.DataSeen;
import ringattention.report.LineSpacing;
import ringattention.report.Progress;
import ringattention.report.StepRecord;
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
  private final List<StepRecord> records; // those of the folder before come first
  private final int before; // of the records
  private final List<Double> squares = new ArrayList<>(); // of each step's documents' lengths
  private Optional<PhaseTimes> deviceTimes = Optional.empty(); // of the traced step
  private final LineSpacing spacing;
  private ProcessGrowth growth; // null before the first step
  private DataSeen seen = new DataSeen(0, OptionalDouble.empty()); // up to the last step
  private Stop stop = Stop.NONE;
  private int skipped; // steps
  private int unlabelled; // steps
  private volatile long step; // running or last; read by the watchdog

  /** Collective. */
  public TrainingLoop(
      Job job, Configuration configuration, TrainingPlan plan, Device device, RunOutput output) {
    this.job = job;
    this.configuration = configuration;
    this.train = configuration.get(TrainConfig.SECTION);
    this.plan = plan;
    this.device = device;
    this.output = output;
    this.spacing = new LineSpacing(configuration.get(OutputConfig.SECTION).secondsBetweenLines());
    this.records = output.stepsBefore();
    this.before = records.size();
    this.skipped = (int) records.stream().filter(StepRecord::isSkipped).count();
    this.unlabelled = (int) records.stream().filter(record -> !record.labelled()).count();
  }

  /** Steps to the run's last, or until it is to stop. Collective. */
  public void run(
      Trainer trainer, TrainingCheckpoints checkpoints, Optional<Validation> validation) {
    trainer.skipAtMost(train.maxSkippedSteps());
    trainer.spoil(number -> fails(FaultKind.GRADIENT, number));
    step = trainer.step();
    seen = trainer.seenAfter(step);
    Progress progress = new Progress(train.steps());
    growth = new ProcessGrowth(job, output, step);
    long first = step;
    long began = System.nanoTime();
    Consumer<String> csv =
        output.table(
            "steps.csv",
            StepRecord.csvHeader(plan.mfu(device, 1, 1).isPresent(), validation.isPresent()));
    job.timer().reset();
    while (step < train.steps() && stop == Stop.NONE) {
      step = step + 1;
      failOnPurpose();
      StepResult result = step == tracedStep() ? traced(trainer) : trainer.next();
      Optional<LossByPosition> heldOut = validation.flatMap(loss -> loss.after(step));
      seen = trainer.seenAfter(step);
      StepRecord record = record(result, heldOut.map(LossByPosition::loss));
      csv.accept(record.csv(validation.isPresent()));
      output.event("step", record.fields());
      noteWithoutUpdate(result);
      double elapsed = (System.nanoTime() - began) * 1e-9;
      double expected = elapsed / (step - first) * (train.steps() - first);
      boolean asked = step % train.reportEvery() == 0 || step == 1;
      if (step == train.steps() || asked && spacing.due(elapsed, expected)) {
        OptionalDouble share = record.mfu().stream().mapToDouble(Mfu::causalExact).findFirst();
        output.log().row(progress.line(record, share, device.peakBytes()));
      }
      heldOut.ifPresent(losses -> output.log().line(Validation.line(step, losses)));
      growth.afterStep(step, train.steps());
      checkpoints.afterStep(step);
      stop = step < train.steps() ? result.stop() : Stop.NONE;
    }
  }

  /**
   * Says that a step changed no weight; of those without labels only the first, they may be many.
   */
  private void noteWithoutUpdate(StepResult result) {
    if (!result.labelled()) {
      unlabelled++;
      output.event("skip", Map.of("step", step, "reason", "no label counts"));
      if (unlabelled == 1) {
        output
            .log()
            .line("WARNING: step " + step + " has no label that counts: no loss, no update");
      }
    } else if (!result.skipped().isEmpty()) {
      skipped++;
      output.event("skip", Map.of("step", step, "reason", result.skipped()));
      output.log().line("step " + step + " skipped, weights are as before: " + result.skipped());
    }
  }

  private StepRecord record(StepResult result, Optional<Double> heldOut) {
    double tokens = (double) train.sequence() * train.batch();
    StepRecord record =
        result.record(tokens, plan.mfu(device, result.seconds(), result.squares()), heldOut, seen);
    squares.add(result.squares());
    records.add(record);
    return record;
  }

  /**
   * The host's times say nothing about a device that works beside it: one step is always traced.
   */
  public int tracedStep() {
    int asked = job.line().traced(train.steps());
    return asked == 0 && device.asynchronous() ? train.steps() : asked;
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

  /** Returns how many steps were skipped: their loss or gradient is not finite. */
  public int skipped() {
    return skipped;
  }

  /** Returns how many steps had no label that counts. */
  public int unlabelled() {
    return unlabelled;
  }

  /** All that the folder knows of. */
  public List<StepRecord> records() {
    return records;
  }

  /** Whether there was a step left to do. */
  public boolean trained() {
    return !squares.isEmpty();
  }

  /** What this rank's device did in the traced step. */
  public Optional<PhaseTimes> deviceTimes() {
    return deviceTimes;
  }

  /** Returns the loss of the last step that was not skipped; NaN if there is none. */
  public double lastLoss() {
    return records.stream()
        .filter(StepRecord::isFinite)
        .reduce((earlier, later) -> later)
        .map(StepRecord::loss)
        .orElse(Double.NaN);
  }

  /** Returns the last held-out loss that was measured; empty if none was. */
  public Optional<Double> validationLoss() {
    return records.stream()
        .flatMap(record -> record.validationLoss().stream())
        .reduce((earlier, later) -> later);
  }

  /** Returns whether the last step with labels was skipped. */
  public boolean lastSkipped() {
    return records.stream()
        .filter(StepRecord::labelled)
        .reduce((earlier, later) -> later)
        .map(StepRecord::isSkipped)
        .orElse(false);
  }

  /** Returns whether the run may be used: its final loss is that of its last step with labels. */
  public boolean hasResult() {
    return !lastSkipped() && !Double.isNaN(lastLoss());
  }

  /** Returns whether the folder knows of every step since weights were set, and none was before. */
  public boolean knowsFirst() {
    return !records.isEmpty() && records.get(0).step() == 1;
  }

  /** Tokens of all ranks per second, without the first step. */
  public double rate() {
    return (double) train.sequence() * train.batch() / steady(seconds());
  }

  /**
   * Returns the utilization of the mean step without the first; empty if no step was made, or no
   * peak is known.
   */
  public Optional<Mfu> mfu() {
    return trained() ? plan.mfu(device, steady(seconds()), squares()) : Optional.empty();
  }

  /** Squared lengths of the documents of the mean step without the first. */
  public double squares() {
    return steady(squares);
  }

  /** Whether the processes grew. */
  public List<Check> growth() {
    return growth.checks();
  }

  /** Returns the seconds of all steps made now but the first. */
  public double[] steadySeconds() {
    return withoutFirst(seconds());
  }

  /** Seconds that so many percent of those took at most; NaN without any. */
  public double percentile(int percent) {
    double[] steady = steadySeconds();
    return steady.length == 0 ? Double.NaN : Statistics.percentile(percent, steady);
  }

  /** Mean over all steps but the first; NaN without any. */
  private static double steady(List<Double> values) {
    return values.isEmpty() ? Double.NaN : Statistics.of(withoutFirst(values)).mean();
  }

  /** The first step warms up. */
  private static double[] withoutFirst(List<Double> values) {
    return values.stream()
        .skip(values.size() > 1 ? 1 : 0)
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  /**
   * Returns the seconds of the steps made now, if there are any: those before may have had another
   * machine.
   */
  private List<Double> seconds() {
    return records.stream().skip(trained() ? before : 0).map(StepRecord::timeS).toList();
  }
}
