package ringattention.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import ringattention.cli.ExitCode;
import ringattention.input.Configuration;
import ringattention.metrics.LossUnit;
import ringattention.metrics.PhaseTimes;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.report.MfuTable;
import ringattention.report.Plots;
import ringattention.report.RunVerdict;
import ringattention.report.StepRecord;
import ringattention.report.TimeTable;
import ringattention.run.CoreShare;
import ringattention.run.DeviceConfig;
import ringattention.run.Job;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;

/** How a training run ends: times, plots, verdict and summary. */
public final class TrainingEnd {
  private final Job job;
  private final Configuration configuration;
  private final TrainConfig train;
  private final TrainingPlan plan;
  private final TrainingLoop loop;
  private final RunOutput output;

  /**
   * @param loop whose steps are done, or given up
   */
  public TrainingEnd(Job job, TrainingPlan plan, TrainingLoop loop, RunOutput output) {
    this.job = job;
    this.configuration = plan.configuration();
    this.train = configuration.get(TrainConfig.SECTION);
    this.plan = plan;
    this.loop = loop;
    this.output = output;
  }

  /**
   * Refuses weights that are not finite: they are no result, whatever the losses say. Collective.
   *
   * @throws DivergedException on every rank
   */
  public void requireFinite(ShardedParameters parameters) {
    for (State state : State.values()) {
      String parameter = parameters.firstNonFinite(state);
      if (!parameter.isEmpty()) {
        throw new DivergedException(
            "after the last step the " + state.title() + " of " + parameter + " is not finite");
      }
    }
    if (loop.history().lastSkipped() && Double.isNaN(loop.history().lastLoss())) {
      throw new DivergedException("no step has a finite loss and gradient");
    }
  }

  /** Warns of steps without a label that counts. */
  public void warnOfUnlabelled() {
    if (loop.history().unlabelled() > 0) {
      String steps =
          loop.history().unlabelled() + " of " + loop.history().records().size() + " steps";
      output.log().line("WARNING: " + steps + " had no label that counts: no loss, no update");
    }
  }

  /** Ends a run whose numbers may not be used, the same on every rank; returns the exit code. */
  public static int invalid(RunOutput output, String why, int exitCode) {
    new RunEnd(output)
        .end(new RunVerdict(false, why), exitCode, Double.NaN, Double.NaN, List.of(), Map.of());
    return exitCode;
  }

  /**
   * Prints the time table of all ranks and returns their times; empty but on rank 0. Collective.
   */
  public List<PhaseTimes> times() {
    PhaseTimes own = loop.deviceTimes().orElseGet(() -> job.timer().times());
    List<PhaseTimes> times =
        job.world().gather(own.toArray()).stream().map(PhaseTimes::of).toList();
    List<CoreShare> shares =
        job.gather(CoreShare.here(job.world().host()).text()).stream()
            .map(CoreShare::parse)
            .toList();
    if (job.root()) {
      TimeTable table = new TimeTable(times);
      output
          .log()
          .section(
              loop.deviceTimes().isPresent()
                  ? "Time of step " + loop.tracedStep() + ", by the device's events, over ranks"
                  : "Time, all steps, over ranks");
      output.log().rows(table.lines());
      table
          .advice(
              plan.balance(),
              plan.setup().layout().largestShard(),
              CoreShare.crowd(
                  shares, Math.max(1, configuration.get(DeviceConfig.SECTION).threads())))
          .forEach(output.log()::line);
      output.log().line(TimeTable.spread(loop.history().steadySeconds()));
    }
    return times;
  }

  /** Prints model FLOP utilization, where a peak is known. */
  public void mfu() {
    loop.mfu()
        .ifPresent(
            shares -> {
              output.log().section("Model FLOP utilization, without the first step");
              output.log().rows(new MfuTable(plan.flops(loop.history().squares()), shares).lines());
            });
  }

  private LossUnit unit() {
    return plan.setup().model().lossUnit();
  }

  /** Draws the curves over the steps. */
  public void curves() {
    Curves.of(output.title(), unit(), loop.history().records()).forEach(output::plot);
  }

  /** Draws all plots of a run that went to its end. */
  public void plots(List<PhaseTimes> times) {
    curves();
    output.plot("time_breakdown", () -> Plots.timeBreakdown(output.title(), times));
  }

  /**
   * Prints checks and verdict of a run that went to its end; returns the exit code.
   *
   * @param checkpoints what the summary says of them
   */
  public int finish(TrainingChecks checks, Map<String, Object> checkpoints) {
    double rate = loop.history().rate();
    String result =
        String.format(
            Locale.ROOT,
            "final loss %.4f, %s%s%.2f ktok/s without the first step, %d ranks",
            loop.history().lastLoss(),
            loop.history()
                .lastAnswers()
                .map(last -> String.format(Locale.ROOT, "exact rate %.4f, ", last.exactRate()))
                .orElse(""),
            loop.history()
                .validationLoss()
                .map(loss -> String.format(Locale.ROOT, "held-out loss %.4f, ", loss))
                .orElse(""),
            rate * 1e-3,
            job.world().size());
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("loss_unit", unit().toString());
    more.put("steps", loop.step());
    loop.seen().put(more);
    putAnswers(more);
    more.put("step_p50_s", loop.history().percentile(50));
    more.put("step_p99_s", loop.history().percentile(99));
    more.put("planned_peak_bytes", checks.plannedBytes());
    more.put("measured_peak_bytes", checks.measuredBytes());
    more.put("skipped_steps", loop.history().skipped());
    more.put("steps_without_labels", loop.history().unlabelled());
    loop.history().validationLoss().ifPresent(loss -> more.put("validation_loss", loss));
    more.putAll(loop.heldOut());
    loop.mfu().ifPresent(shares -> StepRecord.putMfu(more, shares));
    more.putAll(checkpoints);
    double loss = loop.history().lastLoss();
    Optional<String> notPassed = loop.curriculum().failure();
    if (notPassed.isPresent()) { // says more than the check that fails with it
      new RunEnd(output).checks(checks.all());
      RunVerdict verdict = new RunVerdict(false, notPassed.get());
      new RunEnd(output).end(verdict, ExitCode.CHECK_FAILED, loss, rate, checks.all(), more);
      return ExitCode.CHECK_FAILED;
    }
    return new RunEnd(output).finish(checks.all(), result, loss, rate, more);
  }

  private void putAnswers(Map<String, Object> more) {
    loop.history()
        .lastAnswers()
        .ifPresent(
            last -> {
              more.put("exact_rate", last.exactRate());
              more.put("digit_rate", last.digitRate());
            });
    loop.curriculum().put(more);
  }

  /**
   * Ends a run that is to be resumed later, whose numbers are not judged yet; returns the exit
   * code.
   */
  public int stopped(Map<String, Object> checkpoints) {
    String text =
        String.format(
            Locale.ROOT,
            "after step %d of %d by %s, with a checkpoint; --resume goes on",
            loop.step(),
            train.steps(),
            loop.stop().title());
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("loss_unit", unit().toString());
    more.put("steps", train.steps());
    loop.seen().put(more);
    putAnswers(more);
    more.put("stopped_step", loop.step());
    more.put("stopped_by", loop.stop().title());
    more.put("skipped_steps", loop.history().skipped());
    more.putAll(checkpoints);
    new RunEnd(output)
        .end(
            RunVerdict.stopped(text),
            ExitCode.STOPPED,
            loop.history().lastLoss(),
            loop.history().rate(),
            List.of(),
            more);
    return ExitCode.STOPPED;
  }
}
