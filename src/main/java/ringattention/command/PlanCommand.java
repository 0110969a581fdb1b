package ringattention.command;

import java.util.List;
import java.util.Map;
import ringattention.cli.ExitCode;
import ringattention.cli.PlanOptions;
import ringattention.device.Device;
import ringattention.forecast.HeadsChoice;
import ringattention.input.Configuration;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainingPlan;
import ringattention.report.RunLog;
import ringattention.run.Equipment;
import ringattention.run.Job;
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
    List<Configuration> stages = SharedInput.stages(job, stage -> Map.of());
    for (Configuration stage : stages) {
      if (stages.size() > 1) {
        String title = "Stage " + (stages.indexOf(stage) + 1) + " of " + stages.size();
        RunOutput.console(job).log().section(title);
      }
      plan(job, stage);
    }
    return ExitCode.VALID;
  }

  private static void plan(Job job, Configuration configuration) {
    PlanOptions options = job.line().plan();
    if (options.hardware().isPresent()) {
      HardwarePlanCommand.run(job, configuration, options.hardware().get());
    } else if (InferencePlanCommand.plans(configuration)) {
      InferencePlanCommand.run(job, configuration);
    } else {
      training(job, configuration);
    }
  }

  private static void training(Job job, Configuration configuration) {
    TrainingPlan plan = job.agree(() -> TrainingPlan.of(configuration, job.world().size()));
    try (Equipment equipment = Equipment.open(job, plan.configuration())) {
      Device device = equipment.device();
      HeadsChoice heads = HeadsChoice.of(job, equipment, plan, 0, 0);
      RunLog log = RunOutput.console(job).log();
      heads.why().ifPresent(log::line);
      PlanReport.print(heads.plan(), device, log);
      heads.plan().requireRoom();
    }
  }
}
