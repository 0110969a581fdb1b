package ringattention;

import ringattention.config.Configuration;
import ringattention.config.DeviceKind;
import ringattention.device.DType;
import ringattention.device.MemoryPlan;
import ringattention.report.RunLog;

/** {@code plan}: every named buffer of a training run, with its formula and size, before anything is allocated. */
final class PlanCommand {
  private PlanCommand() {}

  static int run(Job job) {
    TrainingPlan plan =
        job.agree(() -> TrainingPlan.of(job.line().configuration(), job.world().size()));
    print(plan, RunOutput.console(job).log());
    return ExitCode.VALID;
  }

  /** Balance and memory of the run. */
  static void print(TrainingPlan plan, RunLog log) {
    int rank = plan.fullestRank();
    log.section("Work balance");
    log.line(plan.balance().line());
    log.section("Memory plan of rank " + rank + ", which holds most");
    log.rows(Header.memory(memory(plan, rank)).lines());
  }

  /** The plan of a rank in the element types of its device. */
  static MemoryPlan memory(TrainingPlan plan, int rank) {
    Configuration configuration = plan.configuration();
    DType type = configuration.device().kind() == DeviceKind.REFERENCE ? DType.F64 : DType.F32;
    return plan.memory(rank, type, type);
  }
}
