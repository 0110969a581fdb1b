package ringattention.evaluate.suite;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import ringattention.report.Plots;

/**
 * Accuracy by length and depth, as the log, {@code suite.csv} and the plots show it.
 *
 * @param rows of each length, ascending: first that of all depths, then each depth
 */
record SuiteTable(SuiteName name, List<SuiteRow> rows) {
  private static final String LENGTH = "tokens of context, question and answer";

  /** A case that was answered, and how much of the answer is right. */
  record Scored(Case of, double score) {}

  /**
   * @param scored cases that were answered, in any order
   */
  static SuiteTable of(SuiteName name, List<Scored> scored) {
    List<SuiteRow> rows = new ArrayList<>();
    for (int length : distinct(scored, one -> one.of().length())) {
      List<Scored> same = scored.stream().filter(one -> one.of().length() == length).toList();
      rows.add(row(length, OptionalInt.empty(), same));
      List<Scored> placed = same.stream().filter(one -> one.of().depth().isPresent()).toList();
      for (int depth : distinct(placed, one -> one.of().depth().getAsInt())) {
        OptionalInt at = OptionalInt.of(depth);
        List<Scored> there = placed.stream().filter(one -> one.of().depth().equals(at)).toList();
        rows.add(row(length, at, there));
      }
    }
    return new SuiteTable(name, rows);
  }

  private static int[] distinct(List<Scored> scored, ToIntFunction<Scored> value) {
    return scored.stream().mapToInt(value).distinct().sorted().toArray();
  }

  private static SuiteRow row(int length, OptionalInt depth, List<Scored> scored) {
    double correct = scored.stream().mapToDouble(Scored::score).sorted().sum(); // in any order
    return new SuiteRow(length, depth, scored.size(), correct);
  }

  /** Returns the rows over all depths, by ascending length. */
  List<SuiteRow> lengths() {
    return rows.stream().filter(row -> row.depth().isEmpty()).toList();
  }

  /** Returns what came of all lengths together; its length is the longest, 0 of no cases. */
  SuiteRow all() {
    return new SuiteRow(
        lengths().stream().mapToInt(SuiteRow::length).max().orElse(0),
        OptionalInt.empty(),
        lengths().stream().mapToInt(SuiteRow::cases).sum(),
        lengths().stream().mapToDouble(SuiteRow::correct).sum());
  }

  /** Returns lines for the log. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%9s %6s %6s %9s %9s %20s",
            "length",
            "depth",
            "cases",
            "correct",
            "accuracy",
            "95% interval"));
    for (SuiteRow row : rows) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%9d %6s %6d %9s %8.2f%% %9.2f to %5.2f%%",
              row.length(),
              row.depth().isPresent() ? row.depth().getAsInt() + "%" : "all",
              row.cases(),
              number(row.correct()),
              100 * row.accuracy(),
              100 * row.interval().low(),
              100 * row.interval().high()));
    }
    return lines;
  }

  /** Returns {@code suite.csv}; the depth is empty in rows over all depths. */
  String csv() {
    StringBuilder text = new StringBuilder("suite,length,depth,cases,correct,accuracy,low,high\n");
    for (SuiteRow row : rows) {
      List<Object> cells =
          List.of(
              name,
              row.length(),
              row.depth().isPresent() ? row.depth().getAsInt() : "",
              row.cases(),
              number(row.correct()),
              row.accuracy(),
              row.interval().low(),
              row.interval().high());
      text.append(String.join(",", cells.stream().map(Object::toString).toList())).append('\n');
    }
    return text.toString();
  }

  /** Returns a count without a fraction where it has none. */
  private static String number(double correct) {
    return correct == Math.rint(correct)
        ? Long.toString((long) correct)
        : String.format(Locale.ROOT, "%.4f", correct);
  }

  /** Returns the plot of accuracy over length. */
  byte[] plot() {
    return Plots.shares(
        "Accuracy by length: " + name,
        new Plots.Axis(LENGTH, true),
        new Plots.Axis("share of cases", false),
        List.of(
            series("95% interval, from", row -> row.interval().low()),
            series("to", row -> row.interval().high()),
            series("accuracy", SuiteRow::accuracy)));
  }

  private Plots.Series series(String title, ToDoubleFunction<SuiteRow> value) {
    return new Plots.Series(
        title,
        lengths().stream().mapToDouble(SuiteRow::length).toArray(),
        lengths().stream().mapToDouble(value).toArray());
  }

  /** Returns whether there are depths to draw. */
  boolean hasDepths() {
    return rows.stream().anyMatch(row -> row.depth().isPresent());
  }

  /** Returns the plot of accuracy over length and depth. */
  byte[] map() {
    List<SuiteRow> placed = rows.stream().filter(row -> row.depth().isPresent()).toList();
    List<Integer> lengths = placed.stream().map(SuiteRow::length).distinct().toList();
    List<Integer> depths =
        placed.stream()
            .map(row -> row.depth().getAsInt())
            .distinct()
            .sorted(Comparator.naturalOrder())
            .toList();
    double[][] shares = new double[lengths.size()][depths.size()];
    for (SuiteRow row : placed) {
      int depth = depths.indexOf(row.depth().getAsInt());
      shares[lengths.indexOf(row.length())][depth] = row.accuracy();
    }
    return Plots.map(
        "Accuracy by length and depth: " + name,
        new Plots.Labels(LENGTH, lengths),
        new Plots.Labels("depth of the needle, percent", depths),
        shares);
  }
}
