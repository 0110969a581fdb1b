package ringattention.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One thing that must hold: a value, how it is computed, and the threshold it must not pass.
 *
 * @param name short, unique within a run
 * @param value NaN where nothing was computed
 * @param least smallest value that passes; minus infinity where any small one does
 * @param threshold NaN where nothing was checked
 * @param formula how the value is computed, or why it was not
 * @param details the norms behind the value, in the order of printing
 */
public record Check(
    String name,
    double value,
    double least,
    double threshold,
    String formula,
    Verdict verdict,
    Map<String, Double> details) {
  private static final int NUMBERS = "1.000e-05 <= 1.000e-05".length();

  /** What came of a check. */
  public enum Verdict {
    PASSED("PASSED"),
    FAILED("FAILED"),
    NOT_CHECKED("NOT CHECKED");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }

    /** Returns the word that is printed. */
    @Override
    public String toString() {
      return text;
    }
  }

  public Check {
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
    if (verdict != Verdict.NOT_CHECKED && verdict != verdict(value, least, threshold)) {
      throw new IllegalArgumentException(
          name + ": " + value + " of " + least + " to " + threshold + " is not " + verdict);
    }
  }

  /** A check that passes if value <= threshold; a value that is not a number fails. */
  public static Check atMost(
      String name, double value, double threshold, String formula, Map<String, Double> details) {
    return between(name, value, Double.NEGATIVE_INFINITY, threshold, formula, details);
  }

  /** A check that passes if least <= value <= threshold; a value that is not a number fails. */
  public static Check between(
      String name,
      double value,
      double least,
      double threshold,
      String formula,
      Map<String, Double> details) {
    Verdict verdict = verdict(value, least, threshold);
    return new Check(name, value, least, threshold, formula, verdict, details);
  }

  /** A check that could not be made. */
  public static Check notChecked(String name, String reason) {
    return new Check(
        name, Double.NaN, Double.NaN, Double.NaN, reason, Verdict.NOT_CHECKED, Map.of());
  }

  /** For {@code run.jsonl} and {@code summary.json}. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", name);
    fields.put("value", value);
    if (Double.isFinite(least)) {
      fields.put("least", least);
    }
    fields.put("threshold", threshold);
    fields.put("formula", formula);
    fields.put("verdict", verdict.name());
    fields.put("details", details);
    return fields;
  }

  /**
   * A table of checks; under one that failed, every norm behind it. Formulas, which many checks
   * share, follow below it under their numbers.
   */
  public static List<String> lines(List<Check> checks) {
    int width = checks.stream().mapToInt(check -> check.name().length()).max().orElse(0);
    List<String> formulas = checks.stream().map(Check::formula).distinct().toList();
    List<String> lines = new ArrayList<>();
    for (Check check : checks) {
      String numbers =
          check.verdict == Verdict.NOT_CHECKED
              ? " ".repeat(20)
              : check.tooSmall()
                  ? Units.format("%8.2e >= %8.2e", check.value, check.least)
                  : Units.format("%8.2e <= %8.2e", check.value, check.threshold);
      lines.add(
          Units.format(
              "%-" + Math.max(1, width) + "s  %s  %-11s [%d]",
              check.name,
              numbers,
              check.verdict,
              1 + formulas.indexOf(check.formula)));
      if (check.verdict == Verdict.FAILED) {
        check.details.forEach((name, value) -> lines.add("    " + name + " = " + value));
      }
    }
    for (String formula : formulas) {
      lines.addAll(Text.wrap("[" + (1 + formulas.indexOf(formula)) + "] " + formula, 4));
    }
    return lines;
  }

  /**
   * {@code checks.csv}: one row a check, with all digits; value and threshold are empty where
   * nothing was checked.
   */
  public static String csv(List<Check> checks, int ranks) {
    StringBuilder csv = new StringBuilder("check,ranks,value,threshold,verdict\n");
    for (Check check : checks) {
      boolean made = check.verdict != Verdict.NOT_CHECKED;
      csv.append('"').append(check.name.replace("\"", "\"\"")).append("\",");
      csv.append(ranks).append(',');
      csv.append(made ? check.value : "").append(',');
      csv.append(made ? check.threshold : "").append(',');
      csv.append(check.verdict).append('\n');
    }
    return csv.toString();
  }

  /** What a check that failed is not, for example {@code 1.537e+00 is not <= 1.500e+00}. */
  String failure() {
    return tooSmall()
        ? Units.format("%.3e is not >= %.3e", value, least)
        : Units.format("%.3e is not <= %.3e", value, threshold);
  }

  private boolean tooSmall() {
    return value < least;
  }

  private static Verdict verdict(double value, double least, double threshold) {
    return least <= value && value <= threshold ? Verdict.PASSED : Verdict.FAILED;
  }
}
