package ringattention.mutation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the mutants of a package came to.
 *
 * @param name of the package
 * @param covered how many of the mutants lie on a line that a test runs
 * @param killed how many made a test fail, run out of memory or never end, and are not listed
 * @param excused mutants that are listed as equivalent, and for which no test failed
 * @param surviving mutants that live, or whose test broke down, and are not listed
 * @param unused entries of the list that excuse nothing
 */
record PackageResult(
    String name,
    int mutants,
    int covered,
    int killed,
    List<Excused> excused,
    List<Mutant> surviving,
    List<Equivalent> unused,
    Lines lines) {
  /** Packages of formulas, and what must be killed of what is covered and not listed. */
  private static final Map<String, Double> LEAST_KILLED =
      Map.of("shard", 0.90, "parallel", 0.90, "attention", 0.90, "validate", 0.90);

  private static final double LEAST_KILLED_ELSEWHERE = 0.80;
  static final double LEAST_COVERED = 0.85; // of the lines

  /** A mutant that no test can kill, and why. */
  record Excused(Mutant mutant, String reason) {}

  /** Lines of the package's classes, and those of them that tests run. */
  record Lines(int covered, int all) {
    double share() {
      return all == 0 ? 1 : (double) covered / all;
    }
  }

  /**
   * Counts the mutants of a package.
   *
   * @param listed equivalents of any package; an entry excuses no more mutants than it says, first
   *     those that live, then those whose tests did not end: on a busy machine they may be slow
   *     only
   */
  static PackageResult of(String name, List<Mutant> mutants, List<Equivalent> listed, Lines lines) {
    List<Excused> excused = new ArrayList<>();
    List<Mutant> open = new ArrayList<>(mutants); // that no test has failed for
    List<Equivalent> unused = new ArrayList<>();
    open.removeIf(mutant -> !mutant.covered() || mutant.killed() && !mutant.late());
    open.sort(Comparator.comparing(Mutant::killed));
    for (Equivalent entry : listed) {
      if (entry.method().startsWith(name + ".")) {
        List<Mutant> described =
            open.stream().filter(entry::describes).limit(entry.count()).toList();
        described.forEach(mutant -> excused.add(new Excused(mutant, entry.reason())));
        described.forEach(open::remove);
        if (described.isEmpty()) {
          unused.add(entry);
        }
      }
    }
    return new PackageResult(
        name,
        mutants.size(),
        (int) mutants.stream().filter(Mutant::covered).count(),
        count(mutants.stream()) - count(excused.stream().map(Excused::mutant)),
        excused,
        open.stream().filter(mutant -> !mutant.killed()).toList(),
        unused,
        lines);
  }

  private static int count(Stream<Mutant> mutants) {
    return (int) mutants.filter(Mutant::killed).count();
  }

  /** Returns killed / (covered - listed equivalents). */
  double killedShare() {
    int countable = covered - excused.size();
    return countable == 0 ? 1 : (double) killed / countable;
  }

  boolean passed() {
    double leastKilled = LEAST_KILLED.getOrDefault(name, LEAST_KILLED_ELSEWHERE);
    return killedShare() >= leastKilled && lines.share() >= LEAST_COVERED;
  }
}
