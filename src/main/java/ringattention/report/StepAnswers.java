package ringattention.report;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How well the questions of a step were answered, before its update.
 *
 * @param exactRate share of questions whose every label was the greedy prediction; NaN where the
 *     step has no question
 * @param digitRate share of the labels that were; NaN likewise
 * @param level of the questions, counted from 1
 */
public record StepAnswers(double exactRate, double digitRate, int level) {
  /** The names they have in every file. */
  static final List<String> NAMES = List.of("exact_rate", "digit_rate", "level");

  /** Returns what a line of {@code steps.csv} says; empty where it says nothing. */
  static Optional<StepAnswers> of(Map<String, String> cells) {
    String level = cells.getOrDefault(NAMES.get(2), "");
    return level.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new StepAnswers(
                rate(cells.get(NAMES.get(0))),
                rate(cells.get(NAMES.get(1))),
                Integer.parseInt(level)));
  }

  private static double rate(String cell) {
    return cell.isEmpty() ? Double.NaN : Double.parseDouble(cell);
  }

  /** Returns the cells of a line of {@code steps.csv}, under their names. */
  Map<String, Object> cells() {
    return Map.of(
        NAMES.get(0), cell(exactRate), NAMES.get(1), cell(digitRate), NAMES.get(2), level);
  }

  private static Object cell(double rate) {
    return Double.isNaN(rate) ? "" : rate;
  }

  /** Puts all under the names that they have in every file. */
  void put(Map<String, Object> fields) {
    fields.put(NAMES.get(0), exactRate);
    fields.put(NAMES.get(1), digitRate);
    fields.put(NAMES.get(2), level);
  }
}
