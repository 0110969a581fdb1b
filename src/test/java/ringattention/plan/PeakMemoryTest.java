package ringattention.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.plan.PeakMemory.Rank;
import ringattention.report.Check.Verdict;
import ringattention.report.PeakBytes;

class PeakMemoryTest {
  @ParameterizedTest
  @CsvSource({
    "1000, 1020, 0, 0, PASSED",
    "1000, 1021, 0, 0, FAILED",
    "1000, 979, 0, 0, FAILED",
    "1000, 1000, 500000000, 510000000, PASSED",
    "1000, 1000, 500000000, 511000000, FAILED",
    "1000, 1000, 500000000, 489000000, FAILED",
    "1000, 1000, 500, 4194804, PASSED", // staging
    "1000, 1000, 500, 4194805, FAILED",
    "1000, 1000, 0, 40, PASSED" // staging of a few MiB, where the plan has nothing on the host
  })
  void agreesWithinTwoPercentOnTheDeviceAndOnTheHost(
      long planned, long measured, long plannedHost, long measuredHost, Verdict verdict) {
    Rank good = new Rank(1000, 1000, 500, 500);
    Rank rank = new Rank(planned, measured, plannedHost, measuredHost);
    for (List<Rank> ranks : List.of(List.of(good, rank), List.of(rank, good))) {
      assertEquals(verdict, new PeakMemory(ranks).check("memory").verdict());
    }
  }

  @Test
  void theTableGetsTheFullest() {
    PeakMemory memory = new PeakMemory(List.of(new Rank(10, 40, 5, 8), new Rank(20, 30, 6, 7)));
    assertEquals(new PeakBytes(20, 40, 6, 8), memory.largest());
  }
}
