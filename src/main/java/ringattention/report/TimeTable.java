package ringattention.report;

import static ringattention.report.TextTable.Align.LEFT;
import static ringattention.report.TextTable.Align.RIGHT;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimes;
import ringattention.metrics.Statistics;

/**
 * Where the time went, over ranks. Percentages are of the ranks' mean wall time; with the row
 * {@code rest} they sum to 100.
 *
 * @param ranks times of every rank, in rank order
 */
public record TimeTable(List<PhaseTimes> ranks) {
  private static final double TOLERANCE = 1.01;
  private static final double LONG_WAIT = 0.10;
  private static final double UNEVEN = 1.05;

  public TimeTable {
    ranks = List.copyOf(ranks);
    if (ranks.isEmpty()) {
      throw new IllegalArgumentException("a time table of no ranks");
    }
  }

  /**
   * The table; phases that no rank entered are left out. A single note instead, if the timers
   * contradict each other.
   */
  public List<String> lines() {
    for (int rank = 0; rank < ranks.size(); rank++) {
      PhaseTimes times = ranks.get(rank);
      if (!(times.inPhases() <= TOLERANCE * times.wallS())) {
        return List.of(
            Units.format(
                "note: no time table: the phases of rank %d sum to %.3f s in %.3f s of wall time",
                rank, times.inPhases(), times.wallS()));
      }
    }
    TextTable table =
        new TextTable(LEFT, RIGHT, RIGHT, RIGHT, RIGHT)
            .row("phase", "min s", "avg s", "max s", "% of wall");
    for (Phase phase : Phase.values()) {
      if (ranks.stream().anyMatch(times -> times.seconds(phase) > 0)) {
        row(table, phase.title(), times -> times.seconds(phase));
      }
    }
    row(table, "rest", times -> times.wallS() - times.inPhases());
    row(table, "total", PhaseTimes::wallS);
    return table.lines();
  }

  /** How even steps are, in one line. */
  public static String spread(double... stepSeconds) {
    double half = Statistics.percentile(50, stepSeconds);
    double most = Statistics.percentile(99, stepSeconds);
    return Units.format(
        "a step takes %s (p50), %s at most but for one in a hundred (p99), %.2f times p50",
        Units.time(half), Units.time(most), most / half);
  }

  /** Share of the mean wall time that a phase took. */
  public double share(Phase phase) {
    return over(times -> times.seconds(phase)).mean() / over(PhaseTimes::wallS).mean();
  }

  /**
   * What to change, one sentence a line; nothing where the time is well spent.
   *
   * @param balance of the attention over the ranks
   * @param shardTokens tokens of a sequence on one rank
   * @param crowd which ranks share too few cores, so that they wait for each other and not for
   *     messages; empty where none do
   */
  public List<String> advice(WorkBalance balance, long shardTokens, Optional<String> crowd) {
    List<String> lines = new ArrayList<>();
    double wait = share(Phase.RING_WAIT);
    if (wait > LONG_WAIT && crowd.isPresent()) {
      lines.add(
          Units.format(
              "advice: ring wait is %.0f%% of the time: %s, and wait for each other to compute; use"
                  + " no more ranks than cores",
              100 * wait, crowd.get()));
    } else if (wait > LONG_WAIT) {
      lines.add(
          Units.format(
              "advice: ring wait is %.0f%% of the time: shards of %d tokens compute for less time"
                  + " than their keys and values travel; use fewer ranks or longer sequences",
              100 * wait, shardTokens));
    }
    if (balance.maxOverMean() > UNEVEN) {
      lines.add(
          Units.format(
              "advice: the busiest rank computes %.2f times the mean: the others wait for it;"
                  + " layout zigzag balances causal attention",
              balance.maxOverMean()));
    }
    return lines;
  }

  private void row(TextTable table, String title, ToDoubleFunction<PhaseTimes> seconds) {
    Statistics over = over(seconds);
    double percent = 100 * over.mean() / over(PhaseTimes::wallS).mean();
    table.row(
        title,
        Units.format("%.3f", over.min()),
        Units.format("%.3f", over.mean()),
        Units.format("%.3f", over.max()),
        Units.format("%.1f", percent));
  }

  private Statistics over(ToDoubleFunction<PhaseTimes> seconds) {
    return Statistics.of(ranks.stream().mapToDouble(seconds).toArray());
  }
}
