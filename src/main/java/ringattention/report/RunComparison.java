package ringattention.report;

import static ringattention.report.TextTable.Align.LEFT;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import ringattention.config.InputException;

/** Where two runs differ: inputs, versions and machines, losses. */
public record RunComparison(RecordedRun first, RecordedRun second) {
  /** Of the start event: these follow from others, or are nobody's business. */
  private static final Set<String> ASIDE = Set.of("event", "command", "arguments", "directory");

  private static final String NONE = "none";

  /** The steps that both runs have, and where the losses are not the same bits. */
  private record Losses(int compared, int more, List<Long> differing, long largestAt) {}

  /**
   * @throws InputException if one of them has no steps
   */
  public RunComparison {
    for (RecordedRun run : List.of(first, second)) {
      if (run.steps().isEmpty()) {
        throw new InputException(run.folder() + ": has no training step to compare");
      }
    }
  }

  /** Whether both took the same steps with the same losses, to the bit. */
  public boolean equal() {
    Losses losses = losses();
    return losses.differing().isEmpty() && losses.more() == 0;
  }

  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("first   " + first.folder());
    lines.add("second  " + second.folder());
    lines.add("");
    lines.addAll(differences("inputs", first.inputs().changes(second.inputs(), Set.of())));
    lines.addAll(differences("program and machine", changes(first.start(), second.start())));
    lines.add("");
    lines.addAll(table(losses()).lines());
    lines.add(equal() ? "EQUAL: every loss, to the bit" : "DIFFERENT: see above");
    return lines;
  }

  private static List<String> differences(String what, List<String> changes) {
    List<String> lines = new ArrayList<>();
    lines.add(what + ": " + (changes.isEmpty() ? "the same" : "first -> second"));
    changes.forEach(change -> lines.add("  " + change));
    return lines;
  }

  private static List<String> changes(Map<String, String> before, Map<String, String> now) {
    Set<String> keys = new LinkedHashSet<>(before.keySet());
    keys.addAll(now.keySet());
    keys.removeAll(ASIDE);
    List<String> changes = new ArrayList<>();
    for (String key : keys) {
      String one = before.getOrDefault(key, NONE);
      String other = now.getOrDefault(key, NONE);
      if (!one.equals(other)) {
        changes.add(key + " " + one + " -> " + other);
      }
    }
    return changes;
  }

  private Losses losses() {
    Set<Long> both = new TreeSet<>(first.steps().keySet());
    both.retainAll(second.steps().keySet());
    List<Long> differing = new ArrayList<>();
    long largestAt = 0;
    for (long step : both) {
      if (Double.compare(first(step), second(step)) != 0) {
        differing.add(step);
        // the first, unless another is larger; a difference that is not a number is the largest
        if (largestAt == 0 || !(difference(step) <= difference(largestAt))) {
          largestAt = step;
        }
      }
    }
    int more = first.steps().size() + second.steps().size() - 2 * both.size();
    return new Losses(both.size(), more, differing, largestAt);
  }

  private double first(long step) {
    return first.steps().get(step).loss();
  }

  private double second(long step) {
    return second.steps().get(step).loss();
  }

  private double difference(long step) {
    return Math.abs(first(step) - second(step));
  }

  private TextTable table(Losses losses) {
    TextTable table = new TextTable(LEFT, LEFT);
    table.row("steps", losses.compared() + " in both, " + losses.more() + " in one only");
    if (losses.differing().isEmpty()) {
      table.row("losses", "the same bits");
    } else {
      long step = losses.differing().get(0);
      table.row("losses", losses.differing().size() + " of " + losses.compared() + " differ");
      table.row("first differing", "step " + step + ": " + first(step) + " and " + second(step));
      table.row(
          "largest difference",
          Units.format("%.3e at step %d", difference(losses.largestAt()), losses.largestAt()));
    }
    table.row("final losses", last(first) + " and " + last(second));
    return table;
  }

  private static String last(RecordedRun run) {
    Map.Entry<Long, Double> last = run.lastLoss();
    return last.getValue() + " at step " + last.getKey();
  }
}
