package ringattention.run;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringattention.cli.ExitCode;
import ringattention.report.Check;
import ringattention.report.CheckGroups;
import ringattention.report.RunVerdict;
import ringattention.report.Summary;

/** How a run ends: its checks, its verdict, its summary. */
public record RunEnd(RunOutput output) {
  /**
   * Prints the checks and the verdict, writes the summary.
   *
   * @param result of a valid run, in the user's units
   * @param more further keys of the summary
   * @return the exit code
   */
  public int finish(
      List<Check> checks,
      String result,
      double finalLoss,
      double tokensPerSecond,
      Map<String, Object> more) {
    RunVerdict verdict = RunVerdict.of(checks, result);
    int exitCode = verdict.valid() ? ExitCode.VALID : ExitCode.CHECK_FAILED;
    checks(checks);
    end(verdict, exitCode, finalLoss, tokensPerSecond, checks, more);
    return exitCode;
  }

  /**
   * Prints checks of which there are many by group, the verdict, and writes the summary; returns
   * the exit code.
   */
  public int finishMany(List<Check> checks, String result) {
    RunVerdict verdict = RunVerdict.of(checks, result);
    int exitCode = verdict.valid() ? ExitCode.VALID : ExitCode.CHECK_FAILED;
    checks(checks, CheckGroups.lines(checks));
    end(verdict, exitCode, Double.NaN, Double.NaN, checks, Map.of());
    return exitCode;
  }

  /** Prints the checks and writes their file and events. */
  public void checks(List<Check> checks) {
    checks(checks, Check.lines(checks));
  }

  private void checks(List<Check> checks, List<String> lines) {
    output.log().section("Checks");
    output.log().rows(lines);
    checks.forEach(check -> output.event("check", check.fields()));
    output.write("checks.csv", Check.csv(checks, output.ranks()));
  }

  /** The last line of the log, and the files that say the same. */
  public void end(
      RunVerdict verdict,
      int exitCode,
      double finalLoss,
      double tokensPerSecond,
      List<Check> checks,
      Map<String, Object> more) {
    Instant now = Instant.now();
    Map<String, Object> all = new LinkedHashMap<>(more);
    all.putAll(output.ended(now));
    Summary summary =
        new Summary(verdict, exitCode, finalLoss, tokensPerSecond, output.ranks(), checks, all);
    output.write("summary.json", summary.json());
    output.resultIsWritten();
    Map<String, Object> end = new LinkedHashMap<>();
    end.put("verdict", verdict.word());
    end.put("verdict_text", verdict.text());
    end.put("exit_code", exitCode);
    output.event("end", end);
    output.sayEnded(now);
    output.log().verdict(verdict.line());
  }
}
