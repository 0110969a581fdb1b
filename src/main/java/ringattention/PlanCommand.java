package ringattention;

import ringattention.config.Configuration;
import ringattention.device.Device;
import ringattention.report.RunLog;

/**
 * {@code plan}: every named buffer of a training run, with its formula and size, before anything is
 * allocated.
 */
final class PlanCommand {
  private PlanCommand() {}

  static int run(Job job) {
    PlanOptions options = job.line().plan();
    if (options.compare().isPresent()) {
      return PlanComparisonCommand.run(
          job, options.hardware().orElseThrow(), options.compare().get());
    }
    if (options.paper()) {
      return PaperPlanCommand.run(job);
    }
    if (options.hardware().isPresent()) {
      return HardwarePlanCommand.run(job, options.hardware().get());
    }
    Configuration configuration = SharedInput.configuration(job);
    TrainingPlan plan = job.agree(() -> TrainingPlan.of(configuration, job.world().size()));
    try (Equipment equipment = Equipment.open(job, plan.configuration())) {
      Device device = equipment.device();
      TrainingPlan fitted =
          plan.fitted(device, MemoryLimits.of(job, device, plan.configuration().memory()));
      print(fitted, device, RunOutput.console(job).log());
      fitted.requireRoom();
    }
    return ExitCode.VALID;
  }

  /** Balance and memory of the run on such devices. */
  static void print(TrainingPlan plan, Device device, RunLog log) {
    int rank = plan.fullestRank();
    log.section("Work balance");
    log.line(plan.balance().line());
    log.section("Activations");
    log.line(plan.memory().why());
    log.section("Memory plan of rank " + rank + ", which holds most");
    log.rows(Header.memory(plan.memory(rank, device)).lines());
  }
}
