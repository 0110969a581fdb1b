package ringattention.report;

import java.util.List;
import ringattention.metrics.Statistics;

/**
 * How evenly attention is spread over the ranks.
 *
 * @param visiblePairs by rank, the query-key pairs its queries see in one sequence and head
 */
public record WorkBalance(List<Long> visiblePairs) {
  public WorkBalance {
    visiblePairs = List.copyOf(visiblePairs);
    if (visiblePairs.stream().mapToLong(Long::longValue).max().orElse(0) < 1) {
      throw new IllegalArgumentException("no rank has a query-key pair to compute");
    }
  }

  /** 1 when every rank has the same work; the ring is slowed down by this factor. */
  public double maxOverMean() {
    Statistics pairs = statistics();
    return pairs.max() / pairs.mean();
  }

  /** For example {@code query-key pairs per rank: min 8390656, max 8390656, max/mean 1.000}. */
  public String line() {
    Statistics pairs = statistics();
    return Units.format(
        "query-key pairs per rank: min %.0f, max %.0f, max/mean %.3f",
        pairs.min(), pairs.max(), maxOverMean());
  }

  private Statistics statistics() {
    return Statistics.of(visiblePairs.stream().mapToDouble(Long::doubleValue).toArray());
  }
}
