package ringattention.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ringattention.metrics.Hardware;
import ringattention.metrics.Mfu;
import ringattention.metrics.Phase;
import ringattention.metrics.StepTime;
import ringattention.plan.TrainingPlan;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.report.Check;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/** {@code plan --hardware NAME --compare DIR}: predicted against measured, row by row. */
public final class PlanComparisonCommand {
  private static final double TIME = 0.10;
  private static final double BYTES = 0.02;

  private final BenchTable table =
      new BenchTable(
          List.of(
              new Column("model", "", "%s"),
              new Column("layers", "", "%d"),
              new Column("tokens", "", "%d"),
              new Column("ranks", "", "%d"),
              new Column("saved", "", "%16s"),
              new Column("offload", "", "%13s"),
              new Column("planned_gib", "GiB", "%.3f"),
              new Column("measured_gib", "GiB", "%.3f"),
              new Column("memory_ratio", "", "%.4f"),
              new Column("predicted_s", "s", "%.3f"),
              new Column("measured_s", "s", "%.3f"),
              new Column("time_ratio", "", "%.3f"),
              new Column("predicted_mfu_causal", "", "%.4f"),
              new Column("measured_mfu_causal", "", "%.4f"),
              new Column("predicted_exposed_wait_s", "s", "%.4f"),
              new Column("measured_exposed_wait_s", "s", "%.4f")));
  private final List<Check> checks = new ArrayList<>();

  private PlanComparisonCommand() {}

  static int run(Job job, Hardware hardware, Path runs) {
    List<PlanComparison.Row> rows = job.agree(() -> PlanComparison.of(hardware, runs));
    PlanComparisonCommand command = new PlanComparisonCommand();
    try (RunOutput output = RunOutput.asked(job, Sections.INPUTS.defaults(List.of()))) {
      output.log().section("Predicted for " + hardware + " and measured");
      output.log().rows(command.table.header());
      rows.forEach(row -> output.log().row(command.line(row)));
      output.write("predictions.csv", command.table.csv());
      return output.finish(command.checks, rows.size() + " rows", Double.NaN, Double.NaN, Map.of());
    }
  }

  private String line(PlanComparison.Row row) {
    TrainingPlan plan = row.plan().plan();
    StepTime time = row.plan().time().orElseThrow();
    String subject =
        plan.setup().model().name() + ", " + row.plan().tokens() + " tokens, " + row.run();
    checks.add(
        Check.atMost(
            "time, " + subject,
            Math.abs(row.timeRatio() - 1),
            TIME,
            "|predicted / measured - 1|",
            Map.of()));
    checks.add(
        Check.atMost(
            "memory, " + subject,
            Math.abs(row.memoryRatio() - 1),
            BYTES,
            "|planned / measured peak - 1|",
            Map.of()));
    return table.row(
        plan.setup().model().name(),
        plan.setup().model().layers(),
        row.plan().tokens(),
        row.plan().ranks(),
        plan.saved(),
        plan.offload(),
        row.plannedGib(),
        row.number("peak_gib"),
        row.memoryRatio(),
        row.predictedS(),
        row.number("step_s"),
        row.timeRatio(),
        row.plan().mfu(time).map(Mfu::causalExact).orElse(Double.NaN),
        row.number("mfu_causal"),
        time.phases().seconds(Phase.RING_WAIT),
        row.number("exposed_wait_s"));
  }
}
