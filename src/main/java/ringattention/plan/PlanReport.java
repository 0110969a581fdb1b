package ringattention.plan;

import java.util.List;
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
    int rank = heading(plan, log);
    log.rows(memory(plan.needs().of(rank, device)).lines());
  }

  /**
   * Prints balance and the sums of the memory; a run of hours has hundreds of buffers.
   *
   * @param buffers where the table of all of them is, in words
   */
  public static void printSums(TrainingPlan plan, Device device, RunLog log, String buffers) {
    int rank = heading(plan, log);
    log.rows(memory(plan.needs().of(rank, device)).sums());
    log.line("all buffers: " + buffers);
  }

  /** Returns the table of all buffers of the rank that holds most. */
  public static String table(TrainingPlan plan, Device device) {
    int rank = plan.needs().fullestRank();
    String title = "Memory plan of rank " + rank + ", which holds most";
    List<String> lines = memory(plan.needs().of(rank, device)).lines();
    return title + "\n\n" + String.join("\n", lines) + "\n";
  }

  /** Returns the rank that holds most, whose memory follows. */
  private static int heading(TrainingPlan plan, RunLog log) {
    RotaryReport.print(plan.configuration(), plan.setup().model(), log);
    int rank = plan.needs().fullestRank();
    log.section("Work balance");
    log.line(plan.balance().line());
    log.section("Activations");
    log.line(plan.memory().why());
    log.section("Memory plan of rank " + rank + ", which holds most");
    return rank;
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
