package ringattention.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ringattention.comm.Communicator;
import ringattention.report.Check;

/** One list of checks of what several groups of ranks have checked alike. */
public final class WorstChecks {
  private static final int FIELDS = 3; // value, least, threshold

  private WorstChecks() {}

  /**
   * Returns, on rank 0, its own checks, each with the value of the group that came out worst: one
   * that failed, or the largest value. Collective.
   *
   * @param own the checks of a group on its first rank, an empty list on the others
   */
  static List<Check> of(Communicator world, List<Check> own) {
    double[] numbers =
        own.stream()
            .flatMap(check -> List.of(check.value(), check.least(), check.threshold()).stream())
            .mapToDouble(Double::doubleValue)
            .toArray();
    List<double[]> ranks = world.gather(numbers);
    List<Check> worst = new ArrayList<>(own);
    for (int rank = 1; rank < ranks.size(); rank++) {
      double[] others = ranks.get(rank);
      if (others.length > 0 && others.length != numbers.length) {
        worst.add(
            Check.notChecked(
                "ring that begins with rank " + rank, "it could not check what the first one did"));
      }
      for (int i = 0; others.length == numbers.length && i < own.size(); i++) {
        worst.set(i, worse(worst.get(i), of(own.get(i), others, i * FIELDS, rank)));
      }
    }
    return worst;
  }

  private static Check of(Check own, double[] numbers, int at, int rank) {
    if (Double.isNaN(numbers[at + 2])) {
      return Check.notChecked(own.name(), own.formula());
    }
    Map<String, Double> details = Map.of("first rank of the ring", (double) rank);
    return Check.between(
        own.name(), numbers[at], numbers[at + 1], numbers[at + 2], own.formula(), details);
  }

  /** One that failed, before one that was not made, before the larger value. */
  private static Check worse(Check a, Check b) {
    if (a.verdict() != b.verdict()) {
      return severity(a) > severity(b) ? a : b;
    }
    return b.value() > a.value() ? b : a;
  }

  private static int severity(Check check) {
    return switch (check.verdict()) {
      case PASSED -> 0;
      case NOT_CHECKED -> 1;
      case FAILED -> 2;
    };
  }
}
