package ringattention.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Thousands of checks in lines that are read: one for each group, which has the checks of one
 * formula and of names that begin alike, up to the first comma. What failed stands in full.
 */
public final class CheckGroups {
  private CheckGroups() {}

  /** What checks of one group have in common. */
  private record Group(String name, String formula) {
    static Group of(Check check) {
      return new Group(check.name().split(",", 2)[0], check.formula());
    }
  }

  /** Returns a line for each group, the checks that failed, and the formulas of both. */
  public static List<String> lines(List<Check> checks) {
    Map<Group, List<Check>> groups =
        checks.stream()
            .collect(Collectors.groupingBy(Group::of, LinkedHashMap::new, Collectors.toList()));
    List<Check> shown = new ArrayList<>();
    groups.forEach((group, all) -> shown.add(worst(group, all)));
    shown.addAll(checks.stream().filter(CheckGroups::failed).toList());
    List<String> lines = new ArrayList<>(Check.lines(shown));
    lines.add("a line has the worst value of its group; each check is in checks.csv");
    return lines;
  }

  /** Returns a check in the name of a group: the one that came nearest to its threshold. */
  private static Check worst(Group group, List<Check> all) {
    Check worst = all.get(0);
    for (Check check : all) {
      if (nearness(check) > nearness(worst)) {
        worst = check;
      }
    }
    long made = all.stream().filter(CheckGroups::made).count();
    String count = made == all.size() ? "" + made : made + " of " + all.size() + " made";
    return new Check(
        group.name() + ", " + count,
        worst.value(),
        worst.least(),
        worst.threshold(),
        worst.formula(),
        worst.verdict(),
        Map.of());
  }

  /** Above 1 if it failed, and the largest of all if its value is no number; -1 if not made. */
  private static double nearness(Check check) {
    if (!made(check)) {
      return -1;
    }
    if (Double.isNaN(check.value())) {
      return Double.POSITIVE_INFINITY;
    }
    double share = check.threshold() == 0 ? 0 : check.value() / check.threshold();
    return failed(check) ? 2 + Math.max(0, share) : Math.max(0, Math.min(1, share));
  }

  private static boolean made(Check check) {
    return check.verdict() != Check.Verdict.NOT_CHECKED;
  }

  private static boolean failed(Check check) {
    return check.verdict() == Check.Verdict.FAILED;
  }
}
