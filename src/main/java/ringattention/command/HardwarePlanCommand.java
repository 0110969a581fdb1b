package ringattention.command;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import ringattention.device.MemoryCount;
import ringattention.forecast.HardwarePlan;
import ringattention.forecast.LongestPlan;
import ringattention.input.Configuration;
import ringattention.metrics.Hardware;
import ringattention.metrics.StepTime;
import ringattention.plan.PlanReport;
import ringattention.plan.RotaryReport;
import ringattention.plan.TrainingPlan;
import ringattention.report.MfuTable;
import ringattention.report.RunLog;
import ringattention.report.TimeTable;
import ringattention.report.Units;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** {@code plan --hardware}: memory, context and time of a run on devices that are not here. */
public final class HardwarePlanCommand {
  private HardwarePlanCommand() {}

  /** Collective. */
  static void run(Job job, Configuration configuration, Hardware hardware) {
    if (InferencePlanCommand.plans(configuration)) {
      InferencePlanCommand.run(job, configuration, hardware);
      return;
    }
    int given = job.line().plan().ranks();
    int ranks = given == 0 ? job.world().size() : given;
    long cap = job.line().memoryCap().orElse(MemoryCount.UNCAPPED);
    HardwarePlan planned = job.agree(() -> HardwarePlan.of(hardware, configuration, ranks, cap));
    if (job.root()) {
      RunLog log = RunOutput.console(job).log();
      TrainingPlan plan = planned.plan();
      RotaryReport.print(plan.configuration(), plan.setup().model(), log);
      head(planned, log);
      planned.heads().ifPresent(log::line);
      log.section("Activations");
      log.line(planned.plan().memory().why());
      log.section("Memory of the rank that holds most");
      log.rows(PlanReport.memory(planned.memory()).sums());
      context(LongestPlan.of(hardware, configuration, ranks, cap), log);
      if (planned.fits()) {
        step(planned, log);
      }
    }
    planned.plan().requireRoom();
  }

  private static void head(HardwarePlan planned, RunLog log) {
    Hardware hardware = planned.hardware();
    log.section("Hardware");
    log.line(
        text(
            "%d x %s: %s free, %.1f TFLOP/s in bf16, memory %.0f GB/s, to a neighbour %.1f GB/s,"
                + " to the host %.0f GB/s",
            planned.ranks(),
            hardware,
            Units.bytes((long) hardware.memoryBytes()),
            hardware.bf16() * 1e-12,
            hardware.memoryBandwidth() * 1e-9,
            hardware.linkBandwidth() * 1e-9,
            hardware.hostBandwidth() * 1e-9));
    if (hardware != Hardware.H200) {
      log.line("rates: the shares of their peaks that H200s were measured to achieve");
    }
  }

  private static void context(LongestPlan longest, RunLog log) {
    log.section("Longest context");
    log.line(
        text(
            "%d tokens%s%s%s",
            longest.tokens(),
            longest.unlimited() ? ", the longest that can be counted" : "",
            longest.fillsWindow() ? ", the sliding window of the model" : "",
            longest.plan().map(plan -> ": " + plan.plan().memory().why()).orElse(": none fits")));
  }

  private static void step(HardwarePlan planned, RunLog log) {
    log.section("Predicted step of " + planned.tokens() + " tokens, on the busiest rank");
    Optional<StepTime> predicted = planned.time();
    if (predicted.isEmpty()) {
      log.line("no time: rates were measured in bf16, of ring and memory-efficient attention");
      return;
    }
    StepTime time = predicted.get();
    double wall = time.phases().wallS();
    log.rows(new TimeTable(List.of(time.phases())).lines());
    log.line(
        text(
            "exposed communication: %.3f s, %.1f%%; sent by a rank: %s",
            time.exposedS(), 100 * time.exposedS() / wall, Units.bytes((long) time.sentBytes())));
    planned
        .mfu(time)
        .ifPresent(
            mfu -> {
              log.section("Model FLOP utilization");
              log.rows(
                  new MfuTable(planned.plan().flops(planned.plan().wholeSquares()), mfu).lines());
            });
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
