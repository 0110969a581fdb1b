package ringattention.command;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ringattention.cli.ExitCode;
import ringattention.forecast.HardwarePlan;
import ringattention.forecast.LongestPlan;
import ringattention.forecast.PaperTable;
import ringattention.input.Configuration;
import ringattention.metrics.Mfu;
import ringattention.metrics.StepTime;
import ringattention.model.Architecture;
import ringattention.plan.PaperContext;
import ringattention.report.BenchTable;
import ringattention.report.RunLog;
import ringattention.run.Job;
import ringattention.run.Precision;
import ringattention.run.RunOutput;

/** {@code plan --paper}: the paper's tables 3 and 4, its numbers beside planned ones. */
public final class PaperPlanCommand {
  private static final String BOTH = "paper/ours";

  /** Longest contexts of one row of table 3. */
  private record Contexts(PaperContext paper, Map<Architecture, LongestPlan> longest) {
    private double ratio(Architecture architecture) {
      double blockwise = longest.get(Architecture.BLOCKWISE).tokens();
      return longest.get(architecture).tokens() / blockwise;
    }

    /** The paper's tokens and ours, in thousands. */
    private String both(Architecture architecture) {
      return paper.thousands(architecture)
          + "/"
          + longest.get(architecture).tokens() / PaperTable.K;
    }
  }

  /** One cell of a row of table 3. */
  private record Context(Contexts row, Architecture architecture) {
    private LongestPlan found() {
      return row.longest().get(architecture);
    }

    private int thousands() {
      return row.paper().thousands(architecture);
    }
  }

  /** A planned run of table 4. */
  private record PlannedBar(
      PaperTable.MfuBar bar,
      Architecture architecture,
      HardwarePlan plan,
      StepTime time,
      Mfu mfu) {}

  private final BenchTable<Context> contexts =
      new BenchTable<Context>()
          .column("hardware", "%s", row -> row.row().paper().name())
          .column("ranks", "%d", row -> row.row().paper().ranks())
          .column("model", "%s", row -> row.row().paper().model())
          .column("dtype", "%s", row -> row.row().paper().precision())
          .column("architecture", "%s", Context::architecture)
          .column("paper_tokens", "%d", row -> row.thousands() * PaperTable.K)
          .column("planned_tokens", "%d", row -> row.found().tokens())
          .column(
              "paper_ratio_to_blockwise",
              "%.1f",
              row -> (double) row.thousands() / row.row().paper().blockwise())
          .column("planned_ratio_to_blockwise", "%.1f", row -> row.row().ratio(row.architecture()))
          .column("head_groups", "%d", row -> row.found().headGroups());
  private final BenchTable<Contexts> shown = // as contexts, a row each, in thousands of tokens
      new BenchTable<Contexts>()
          .column("hardware", "%18s", row -> row.paper().name())
          .column("model", "%s", row -> row.paper().model())
          .column("dtype", "%s", row -> row.paper().precision())
          .column("vanilla", BOTH, "%s", row -> row.both(Architecture.VANILLA))
          .column("memory-efficient", BOTH, "%s", row -> row.both(Architecture.MEMORY_EFFICIENT))
          .column("blockwise", BOTH, "%s", row -> row.both(Architecture.BLOCKWISE))
          .column("ring", BOTH, "%15s", row -> row.both(Architecture.RING))
          .column(
              "ratio",
              BOTH,
              "%s",
              row ->
                  String.format(
                      Locale.ROOT,
                      "%d/%.1f",
                      row.paper().ring() / row.paper().blockwise(),
                      row.ratio(Architecture.RING)));
  private final BenchTable<PlannedBar> utilizations =
      new BenchTable<PlannedBar>()
          .column("hardware", "%18s", row -> row.bar().name())
          .column("ranks", "%d", row -> row.bar().ranks())
          .column("model", "%s", row -> row.bar().model())
          .column("architecture", "%s", PlannedBar::architecture)
          .column("tokens", "%d", row -> row.plan().tokens())
          .column("saved", "%28s", row -> row.plan().plan().saved())
          .column("offload", "%13s", row -> row.plan().plan().offload())
          .column("fits", "%s", row -> row.plan().fits() ? "yes" : "no")
          .column("step_s", "s", "%.2f", row -> row.time().phases().wallS())
          .column("exposed_s", "s", "%.3f", row -> row.time().exposedS())
          .column("paper_mfu", "%s", row -> "0.30-0.37")
          .column("planned_mfu_paper", "%.3f", row -> row.mfu().paper())
          .column("planned_mfu_causal", "%.3f", row -> row.mfu().causalExact())
          .column("planned_mfu_hardware", "%.3f", row -> row.mfu().hardware());

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
    Contexts found = new Contexts(row, longest);
    longest.keySet().forEach(architecture -> contexts.row(new Context(found, architecture)));
    log.row(shown.row(found));
  }

  private void utilization(
      PaperTable.MfuBar row, Architecture architecture, int tokensPerRank, RunLog log) {
    Configuration run =
        PaperTable.run(
            Sections.INPUTS, row.model(), Precision.BF16, architecture, tokensPerRank, row.ranks());
    HardwarePlan planned = HardwarePlan.of(row.hardware(), run, row.ranks());
    StepTime time = planned.time().orElseThrow();
    Mfu mfu = planned.mfu(time).orElseThrow();
    log.row(utilizations.row(new PlannedBar(row, architecture, planned, time, mfu)));
  }
}
