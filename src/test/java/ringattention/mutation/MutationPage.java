package ringattention.mutation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The page with the results of all packages: a row of its table and a section for each. What it
 * says of one package is replaced, everything else stays as it was written.
 */
final class MutationPage {
  private final List<String> lines;

  MutationPage(List<String> lines) {
    this.lines = new ArrayList<>(lines);
  }

  /**
   * Puts a result in the place of the former one.
   *
   * @param made when, of what and by what the result was made
   * @throws IllegalArgumentException if the page has no row or no section for the package
   */
  void replace(String name, PackageResult result, String made) {
    int row = find("| `" + name + "` |");
    lines.set(row, row(name, result));
    int from = find("## " + name) + 1;
    int to = from;
    while (to < lines.size() && !lines.get(to).startsWith("## ")) {
      to++;
    }
    boolean last = to == lines.size();
    lines.subList(from, to).clear();
    lines.addAll(from, section(result, made, last));
  }

  private int find(String start) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith(start)) {
        return i;
      }
    }
    throw new IllegalArgumentException("the page has no line that begins with '" + start + "'");
  }

  private static String row(String name, PackageResult result) {
    return String.format(
        Locale.ROOT,
        "| `%s` | %d | %d | %d | %d | %d | %.1f %% | %d of %d, %.1f %% | %s |",
        name,
        result.mutants(),
        result.covered(),
        result.killed(),
        result.excused().size(),
        result.surviving().size(),
        100 * result.killedShare(),
        result.lines().covered(),
        result.lines().all(),
        100 * result.lines().share(),
        result.passed() ? "PASSED" : "FAILED");
  }

  private static List<String> section(PackageResult result, String made, boolean last) {
    List<String> text = new ArrayList<>(List.of("", made, ""));
    if (!result.surviving().isEmpty()) {
      text.addAll(List.of("Survived, not listed as equivalent:", ""));
      result.surviving().forEach(mutant -> text.add("- " + described(mutant)));
      text.add("");
    }
    if (!result.excused().isEmpty()) {
      text.addAll(List.of("Survived, equivalent:", ""));
      result
          .excused()
          .forEach(one -> text.add("- " + described(one.mutant()) + ": " + one.reason()));
      text.add("");
    }
    if (!result.unused().isEmpty()) {
      text.addAll(List.of("Listed as equivalent, but none such survived:", ""));
      result
          .unused()
          .forEach(entry -> text.add("- `" + entry.method() + "`, `" + entry.code() + "`"));
      text.add("");
    }
    return last ? text.subList(0, text.size() - 1) : text;
  }

  private static String described(Mutant mutant) {
    return String.format(
        "`%s`, `` %s ``, %s%s",
        mutant.method(),
        mutant.line(),
        mutant.change(),
        mutant.status().equals("SURVIVED") ? "" : " (" + mutant.status() + ")");
  }

  List<String> lines() {
    return List.copyOf(lines);
  }
}
