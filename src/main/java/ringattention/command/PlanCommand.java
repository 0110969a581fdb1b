package ringattention.command;

import ringattention.cli.ExitCode;
import ringattention.cli.PlanOptions;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;

/**
 * {@code plan}: every named buffer of a run, with its formula and size, before anything is
 * allocated.
 */
public final class PlanCommand {
  private PlanCommand() {}

  public static int run(Job job) {
    PlanOptions options = job.line().plan();
    if (options.compare().isPresent()) {
      return PlanComparisonCommand.run(
          job, options.hardware().orElseThrow(), options.compare().get());
    }
    if (options.paper()) {
      return PaperPlanCommand.run(job);
    }
    Configuration configuration = SharedInput.configuration(job);
    if (options.hardware().isPresent()) {
      return HardwarePlanCommand.run(job, configuration, options.hardware().get());
    }
    return InferencePlanCommand.plans(configuration)
        ? InferencePlanCommand.run(job, configuration)
        : training(job, configuration);
  }

  private static int training(Job job, Configuration configuration) {
    TrainingPlan plan = job.agree(() -> TrainingPlan.of(configuration, job.world().size()));
    try (Equipment equipment = Equipment.open(job, plan.configuration())) {
      Device device = equipment.device();
      TrainingPlan fitted =
          plan.fitted(
              device, MemoryLimits.of(job, device, plan.configuration().get(MemoryConfig.SECTION)));
      PlanReport.print(fitted, device, RunOutput.console(job).log());
      fitted.requireRoom();
    }
    return ExitCode.VALID;
  }
}
