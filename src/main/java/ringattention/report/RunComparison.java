package ringattention.report;

import static ringattention.report.TextTable.Align.LEFT;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ringattention.input.InputException;

/** Where two runs differ: inputs, versions and machines, losses. */
public record RunComparison(RecordedRun first, RecordedRun second) {
  /** Fields of the start event that follow from others, or are nobody's business. */
  private static final Set<String> ASIDE =
      Set.of("event", "time", "command", "arguments", "directory", "resumed_step");

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
    lines.addAll(differences("program and machine", changes(first.starts(), second.starts())));
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

  private static List<String> changes(
      SortedMap<Long, Map<String, String>> before, SortedMap<Long, Map<String, String>> now) {
    List<String> changes = new ArrayList<>();
    if (!before.keySet().equals(now.keySet())) {
      changes.add("starts at step " + join(before.keySet()) + " -> " + join(now.keySet()));
    }
    Set<String> keys = new LinkedHashSet<>();
    Stream.of(before, now)
        .flatMap(run -> run.values().stream())
        .forEach(start -> keys.addAll(start.keySet()));
    keys.removeAll(ASIDE);
    for (String key : keys) {
      String one = of(before, key);
      String other = of(now, key);
      if (!one.equals(other)) {
        changes.add(key + " " + one + " -> " + other);
      }
    }
    return changes;
  }

  private static String join(Set<Long> steps) {
    return steps.stream().map(Object::toString).collect(Collectors.joining(" and "));
  }

  /** A field of all starts of a run: one value, or each with the step from which it is true. */
  private static String of(SortedMap<Long, Map<String, String>> starts, String key) {
    List<String> values = new ArrayList<>();
    String last = null;
    for (Map.Entry<Long, Map<String, String>> start : starts.entrySet()) {
      String value = start.getValue().getOrDefault(key, NONE);
      if (!value.equals(last)) {
        values.add(values.isEmpty() ? value : value + " from step " + start.getKey());
      }
      last = value;
    }
    return values.isEmpty() ? NONE : String.join(", ", values);
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
