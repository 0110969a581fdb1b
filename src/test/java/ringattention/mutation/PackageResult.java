package ringattention.mutation;

import java.util.ArrayList;
import java.util.List;

/**
 * What the mutants of a package came to.
 *
 * @param covered how many of the mutants lie on a line that a test runs
 * @param killed how many made a test fail, run out of memory or never end
 * @param excused mutants that live and are listed as equivalent
 * @param surviving mutants that live, or whose test broke down, and are not listed
 * @param unused entries of the list that excuse nothing
 */
record PackageResult(
    int mutants,
    int covered,
    int killed,
    List<Excused> excused,
    List<Mutant> surviving,
    List<Equivalent> unused,
    Lines lines) {
  static final double LEAST_KILLED = 0.90; // of what is covered and not listed
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
   * @param listed equivalents of any package; an entry excuses no more mutants than it says
   */
  static PackageResult of(String name, List<Mutant> mutants, List<Equivalent> listed, Lines lines) {
    List<Excused> excused = new ArrayList<>();
    List<Mutant> surviving = new ArrayList<>(mutants);
    List<Equivalent> unused = new ArrayList<>();
    surviving.removeIf(mutant -> mutant.killed() || !mutant.covered());
    for (Equivalent entry : listed) {
      if (entry.method().startsWith(name + ".")) {
        List<Mutant> described =
            surviving.stream().filter(entry::describes).limit(entry.count()).toList();
        described.forEach(mutant -> excused.add(new Excused(mutant, entry.reason())));
        described.forEach(surviving::remove);
        if (described.isEmpty()) {
          unused.add(entry);
        }
      }
    }
    return new PackageResult(
        mutants.size(),
        (int) mutants.stream().filter(Mutant::covered).count(),
        (int) mutants.stream().filter(Mutant::killed).count(),
        excused,
        surviving,
        unused,
        lines);
  }

  /** Returns killed / (covered - listed equivalents). */
  double killedShare() {
    int countable = covered - excused.size();
    return countable == 0 ? 1 : (double) killed / countable;
  }

  boolean passed() {
    return killedShare() >= LEAST_KILLED && lines.share() >= LEAST_COVERED;
  }
}
