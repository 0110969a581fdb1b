package ringattention.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ringattention.metrics.Hardware;
import ringattention.metrics.Mfu;
import ringattention.metrics.Phase;
import ringattention.report.BenchTable;
import ringattention.report.Check;
import ringattention.run.Job;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;

/** {@code plan --hardware NAME --compare DIR}: predicted against measured, row by row. */
public final class PlanComparisonCommand {
  private static final double TIME = 0.10;
  private static final double BYTES = 0.02;

  private final BenchTable<PlanComparison.Row> table =
      new BenchTable<PlanComparison.Row>()
          .column("model", "%s", row -> row.plan().plan().setup().model().name())
          .column("layers", "%d", row -> row.plan().plan().setup().model().layers())
          .column("tokens", "%d", row -> row.plan().tokens())
          .column("ranks", "%d", row -> row.plan().ranks())
          .column("saved", "%16s", row -> row.plan().plan().saved())
          .column("offload", "%13s", row -> row.plan().plan().offload())
          .gib("planned_gib", "%.3f", row -> row.plan().memory().bytes())
          .column("measured_gib", "GiB", "%.3f", row -> row.number("peak_gib"))
          .column("memory_ratio", "%.4f", PlanComparison.Row::memoryRatio)
          .column("predicted_s", "s", "%.3f", row -> row.time().phases().wallS())
          .column("measured_s", "s", "%.3f", row -> row.number("step_s"))
          .column("time_ratio", "%.3f", PlanComparison.Row::timeRatio)
          .column(
              "predicted_mfu_causal",
              "%.4f",
              row -> row.plan().mfu(row.time()).map(Mfu::causalExact).orElse(Double.NaN))
          .column("measured_mfu_causal", "%.4f", row -> row.number("mfu_causal"))
          .column(
              "predicted_exposed_wait_s",
              "s",
              "%.4f",
              row -> row.time().phases().seconds(Phase.RING_WAIT))
          .column("measured_exposed_wait_s", "s", "%.4f", row -> row.number("exposed_wait_s"));
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
      return new RunEnd(output)
          .finish(command.checks, rows.size() + " rows", Double.NaN, Double.NaN, Map.of());
    }
  }

  private String line(PlanComparison.Row row) {
    String subject =
        row.plan().plan().setup().model().name()
            + ", "
            + row.plan().tokens()
            + " tokens, "
            + row.run();
    check("time, " + subject, row.timeRatio(), TIME, "|predicted / measured - 1|");
    check("memory, " + subject, row.memoryRatio(), BYTES, "|planned / measured peak - 1|");
    return table.row(row);
  }

  private void check(String name, double ratio, double limit, String formula) {
    checks.add(Check.atMost(name, Math.abs(ratio - 1), limit, formula, Map.of()));
  }
}
