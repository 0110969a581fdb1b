package ringattention.report;

import java.util.List;

/**
 * The answer of a run, and the last line of its log.
 *
 * @param word {@code VALID} or {@code INVALID}: whether the run's numbers may be used; {@code
 *     STOPPED}: it is to go on
 * @param text the result of a valid run, the reason of another
 */
public record RunVerdict(String word, String text) {
  private static final String VALID = "VALID";

  /**
   * @param valid whether the run's numbers may be used
   */
  public RunVerdict(boolean valid, String text) {
    this(valid ? VALID : "INVALID", text);
  }

  /** Returns the verdict of a run that stopped before its end and can be resumed. */
  public static RunVerdict stopped(String why) {
    return new RunVerdict("STOPPED", why);
  }

  /**
   * Valid unless a check failed. A result that no check stands behind says so.
   *
   * @param result in the user's units, for example {@code final loss 2.31, 41.2 ktok/s, 4 ranks}
   */
  public static RunVerdict of(List<Check> checks, String result) {
    List<Check> failed = with(Check.Verdict.FAILED, checks);
    if (failed.isEmpty()) {
      boolean checked = !with(Check.Verdict.PASSED, checks).isEmpty();
      return new RunVerdict(
          true, checked ? result : result + " (" + Check.Verdict.NOT_CHECKED + ")");
    }
    Check first = failed.get(0);
    String others = failed.size() == 1 ? "" : " and " + (failed.size() - 1) + " more";
    return new RunVerdict(false, "check " + first.name() + " failed: " + first.failure() + others);
  }

  public boolean valid() {
    return word.equals(VALID);
  }

  /** For example {@code VALID: final loss 2.31, 41.2 ktok/s, 4 ranks}. */
  public String line() {
    return word + ": " + text;
  }

  private static List<Check> with(Check.Verdict verdict, List<Check> checks) {
    return checks.stream().filter(check -> check.verdict() == verdict).toList();
  }
}
