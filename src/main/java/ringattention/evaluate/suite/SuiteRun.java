package ringattention.evaluate.suite;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import ringattention.comm.Communicator;
import ringattention.infer.GenerationOutcome;
import ringattention.infer.JobGeneration;
import ringattention.plan.PeakMemory;
import ringattention.report.Check;
import ringattention.run.Job;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;

/** A suite that is asked and what it leaves: log, files, checks and verdict. */
public final class SuiteRun {
  private final Job job;
  private final SuiteCases cases;
  private final RunOutput output;

  public SuiteRun(Job job, SuiteCases cases, RunOutput output) {
    this.job = job;
    this.cases = cases;
    this.output = output;
  }

  /**
   * Asks all cases, writes down the answers and judges them. How many are right is the result; what
   * is checked is that all were answered. Collective.
   *
   * @param memory peaks of all ranks once all is answered; collective
   * @return the exit code
   */
  public int run(JobGeneration generation, Supplier<PeakMemory> memory) {
    output.log().section("Suite " + cases.name());
    SuiteAnswers answers = new SuiteAnswers(cases, output.lines(SuiteAnswers.NAME));
    long start = System.nanoTime();
    GenerationOutcome outcome = generation.run(cases.requests(), Set.of(), answers, () -> false);
    double own = (System.nanoTime() - start) * 1e-9;
    double seconds = job.world().allReduce(own, Communicator.Operation.MAX);
    outcome.refused().forEach(why -> output.log().line("refused: " + why));
    SuiteTable table = answers.table();
    output.log().rows(table.lines());
    output.write("suite.csv", table.csv());
    if (!table.rows().isEmpty()) {
      output.plot("accuracy_by_length", table::plot);
    }
    if (table.hasDepths()) {
      output.plot("accuracy_by_depth", table::map);
    }
    PeakMemory peak = memory.get();
    Map<String, Object> values = values(table, outcome, seconds);
    output.event("suite", values);
    values.put("planned_peak_bytes", peak.worst().planned());
    values.put("measured_peak_bytes", peak.worst().measured());
    double rate = outcome.promptTokens() / seconds;
    return new RunEnd(output)
        .finish(
            List.of(peak.check("memory"), answered(outcome)),
            result(table),
            Double.NaN,
            rate,
            values);
  }

  private Check answered(GenerationOutcome outcome) {
    return Check.atMost(
        "every case answered",
        cases.cases().size() - outcome.finished(),
        0,
        "cases without an answer: they do not fit",
        Map.of("cases", (double) cases.cases().size()));
  }

  private Map<String, Object> values(SuiteTable table, GenerationOutcome outcome, double seconds) {
    Map<String, Object> values = new LinkedHashMap<>();
    Map<String, Object> lengths = new LinkedHashMap<>();
    table.lengths().forEach(row -> lengths.put(Integer.toString(row.length()), row.accuracy()));
    values.put("suite", cases.name().toString());
    values.put("cases", cases.cases().size());
    values.put("unanswered_cases", cases.cases().size() - outcome.finished());
    values.put("accuracy", table.all().accuracy());
    values.put("accuracy_by_length", lengths);
    values.put("prompt_tokens", outcome.promptTokens());
    values.put("new_tokens", outcome.newTokens());
    values.put("evaluation_s", seconds);
    return values;
  }

  private String result(SuiteTable table) {
    SuiteRow all = table.all();
    return String.format(
        Locale.ROOT,
        "%s: accuracy %.2f%% of %d cases (95%% interval %.2f to %.2f%%), %d ranks",
        cases.name(),
        100 * all.accuracy(),
        all.cases(),
        100 * all.interval().low(),
        100 * all.interval().high(),
        job.world().size());
  }
}
