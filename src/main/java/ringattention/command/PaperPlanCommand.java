package ringattention.command;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ringattention.cli.ExitCode;
import ringattention.forecast.HardwarePlan;
import ringattention.forecast.LongestPlan;
import ringattention.forecast.PaperContext;
import ringattention.forecast.PaperTable;
import ringattention.input.Configuration;
import ringattention.metrics.Mfu;
import ringattention.metrics.StepTime;
import ringattention.model.Architecture;
import ringattention.report.BenchTable;
import ringattention.report.BenchTable.Column;
import ringattention.report.RunLog;
import ringattention.run.Job;
import ringattention.run.Precision;
import ringattention.run.RunOutput;

/** {@code plan --paper}: the paper's tables 3 and 4, its numbers beside planned ones. */
public final class PaperPlanCommand {
  private final BenchTable contexts =
      new BenchTable(
          List.of(
              new Column("hardware", "", "%s"),
              new Column("ranks", "", "%d"),
              new Column("model", "", "%s"),
              new Column("dtype", "", "%s"),
              new Column("architecture", "", "%s"),
              new Column("paper_tokens", "", "%d"),
              new Column("planned_tokens", "", "%d"),
              new Column("paper_ratio_to_blockwise", "", "%.1f"),
              new Column("planned_ratio_to_blockwise", "", "%.1f"),
              new Column("head_groups", "", "%d")));
  private final BenchTable shown = // as contexts, a row each, in thousands of tokens
      new BenchTable(
          List.of(
              new Column("hardware", "", "%18s"),
              new Column("model", "", "%s"),
              new Column("dtype", "", "%s"),
              new Column("vanilla", "paper/ours", "%s"),
              new Column("memory-efficient", "paper/ours", "%s"),
              new Column("blockwise", "paper/ours", "%s"),
              new Column("ring", "paper/ours", "%15s"),
              new Column("ratio", "paper/ours", "%s")));
  private final BenchTable utilizations =
      new BenchTable(
          List.of(
              new Column("hardware", "", "%18s"),
              new Column("ranks", "", "%d"),
              new Column("model", "", "%s"),
              new Column("architecture", "", "%s"),
              new Column("tokens", "", "%d"),
              new Column("saved", "", "%28s"),
              new Column("offload", "", "%13s"),
              new Column("fits", "", "%s"),
              new Column("step_s", "s", "%.2f"),
              new Column("exposed_s", "s", "%.3f"),
              new Column("paper_mfu", "", "%s"),
              new Column("planned_mfu_paper", "", "%.3f"),
              new Column("planned_mfu_causal", "", "%.3f"),
              new Column("planned_mfu_hardware", "", "%.3f")));

  private PaperPlanCommand() {}

  static int run(Job job) {
    Configuration settings = Sections.INPUTS.defaults(List.of());
    try (RunOutput output = RunOutput.asked(job, settings)) {
      if (job.root()) {
        new PaperPlanCommand().tables(output);
      }
    }
    return ExitCode.VALID;
  }

  private void tables(RunOutput output) {
    RunLog log = output.log();
    log.section("Table 3: longest context in K tokens, the paper's / ours planned");
    log.rows(shown.header());
    for (PaperContext row : PaperContext.ROWS) {
      context(row, log);
    }
    output.write("table3_planned.csv", contexts.csv());
    log.section("Table 4: model FLOP utilization; the paper's bars are 0.30 to 0.37");
    log.line(
        "in bf16, at the shares of the peaks that H200s were measured to achieve; a step of one"
            + " sequence of the ring, or one on each rank");
    log.rows(utilizations.header());
    for (PaperTable.MfuBar row : PaperTable.UTILIZATIONS) {
      utilization(row, Architecture.BLOCKWISE, row.blockwise() * PaperTable.K, log);
      int share = row.ring() * PaperTable.K / row.ranks();
      utilization(row, Architecture.RING, share, log);
    }
    output.write("table4_planned.csv", utilizations.csv());
  }

  private void context(PaperContext row, RunLog log) {
    Map<Architecture, LongestPlan> longest = new EnumMap<>(Architecture.class);
    for (Architecture architecture : Architecture.values()) {
      Configuration run =
          PaperTable.run(
              Sections.INPUTS, row.model(), row.precision(), architecture, 2, row.ranks());
      longest.put(architecture, LongestPlan.of(row.hardware(), run, row.ranks()));
    }
    double blockwise = longest.get(Architecture.BLOCKWISE).tokens();
    longest.forEach(
        (architecture, found) ->
            contexts.row(
                row.name(),
                row.ranks(),
                row.model(),
                row.precision(),
                architecture,
                row.thousands(architecture) * PaperTable.K,
                found.tokens(),
                (double) row.thousands(architecture) / row.blockwise(),
                found.tokens() / blockwise,
                found.plan().map(plan -> plan.plan().setup().policy().headGroups()).orElse(0)));
    List<Object> cells = new ArrayList<>(List.<Object>of(row.name(), row.model(), row.precision()));
    longest.forEach(
        (architecture, found) ->
            cells.add(row.thousands(architecture) + "/" + found.tokens() / PaperTable.K));
    double ratio = longest.get(Architecture.RING).tokens() / blockwise;
    cells.add(String.format(Locale.ROOT, "%d/%.1f", row.ring() / row.blockwise(), ratio));
    log.row(shown.row(cells.toArray()));
  }

  private void utilization(
      PaperTable.MfuBar row, Architecture architecture, int tokensPerRank, RunLog log) {
    Configuration run =
        PaperTable.run(
            Sections.INPUTS, row.model(), Precision.BF16, architecture, tokensPerRank, row.ranks());
    HardwarePlan planned = HardwarePlan.of(row.hardware(), run, row.ranks());
    StepTime time = planned.time().orElseThrow();
    Mfu mfu = planned.mfu(time).orElseThrow();
    log.row(
        utilizations.row(
            row.name(),
            row.ranks(),
            row.model(),
            architecture,
            planned.tokens(),
            planned.plan().saved(),
            planned.plan().offload(),
            planned.fits() ? "yes" : "no",
            time.phases().wallS(),
            time.exposedS(),
            "0.30-0.37",
            mfu.paper(),
            mfu.causalExact(),
            mfu.hardware()));
  }
}
