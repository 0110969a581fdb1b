package ringattention.data.trajectories;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Which pieces are in which sequence of an evaluation: every step of every episode once. Of several
 * trajectories, consecutive ones of a task are together; the last sequence of a task may have
 * fewer.
 */
public final class TrajectoryRow {
  private TrajectoryRow() {}

  /**
   * Returns the pieces of all sequences.
   *
   * @param keptOut numbers of the episodes, ascending
   * @param steps of each that are in a sequence
   */
  public static List<List<Piece>> of(
      TrajectoryCorpus corpus, TrajectoriesConfig config, int[] keptOut, int steps) {
    List<List<Piece>> row = new ArrayList<>();
    for (int[] task : corpus.byTask()) {
      int[] episodes =
          Arrays.stream(task).filter(i -> Arrays.binarySearch(keptOut, i) >= 0).toArray();
      for (int first = 0; first < episodes.length; first += config.count()) {
        int end = Math.min(episodes.length, first + config.count());
        List<Integer> together =
            Arrays.stream(episodes, first, end).boxed().sorted(order(corpus, config)).toList();
        int longest = together.stream().mapToInt(corpus::steps).max().orElseThrow();
        for (int from = 0; from < longest; from += steps) {
          row.add(pieces(corpus, together, from, steps));
        }
      }
    }
    return row;
  }

  private static Comparator<Integer> order(TrajectoryCorpus corpus, TrajectoriesConfig config) {
    Comparator<Integer> collected = Comparator.naturalOrder();
    return config.order() == TrajectoryOrder.COLLECTED
        ? collected
        : Comparator.<Integer>comparingDouble(corpus::returned).thenComparing(collected);
  }

  private static List<Piece> pieces(
      TrajectoryCorpus corpus, List<Integer> episodes, int from, int steps) {
    return episodes.stream()
        .filter(episode -> corpus.steps(episode) > from)
        .map(episode -> new Piece(episode, from, Math.min(steps, corpus.steps(episode) - from)))
        .toList();
  }
}
