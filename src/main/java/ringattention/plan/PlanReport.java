package ringattention.plan;

import java.util.Locale;
import ringattention.device.Device;
import ringattention.device.MemoryPlan;
import ringattention.report.MemoryTable;
import ringattention.report.RunLog;

/** A plan as the log shows it. */
public final class PlanReport {
  private PlanReport() {}

  /** Prints balance and memory of the run on such devices. */
  public static void print(TrainingPlan plan, Device device, RunLog log) {
    RotaryReport.print(plan.configuration(), plan.setup().model(), log);
    int rank = plan.needs().fullestRank();
    log.section("Work balance");
    log.line(plan.balance().line());
    log.section("Activations");
    log.line(plan.memory().why());
    log.section("Memory plan of rank " + rank + ", which holds most");
    log.rows(memory(plan.needs().of(rank, device)).lines());
  }

  /** Returns the table of the buffers of one rank. */
  public static MemoryTable memory(MemoryPlan plan) {
    return new MemoryTable(
        plan.buffers().stream()
            .map(
                buffer ->
                    new MemoryTable.Buffer(
                        buffer.name(),
                        buffer.purpose().name().toLowerCase(Locale.ROOT),
                        buffer.onHost(),
                        buffer.formula(),
                        buffer.bytes()))
            .toList());
  }
}
