package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimes;

class TimeTableTest {
  private static final WorkBalance EVEN = new WorkBalance(List.of(1L, 1L));

  private static PhaseTimes rank(double wall, double attention, double wait, double optimizer) {
    return new PhaseTimes(
        wall,
        Map.of(Phase.ATTENTION, attention, Phase.RING_WAIT, wait, Phase.OPTIMIZER, optimizer));
  }

  @Test
  void rowsSumToTheWallTime() {
    TimeTable table = new TimeTable(List.of(rank(10, 6, 1, 1), rank(10, 4, 3, 1)));
    assertEquals(
        List.of(
            "phase                    min s   avg s   max s  % of wall",
            "attention                4.000   5.000   6.000       50.0",
            "ring wait (not hidden)   1.000   2.000   3.000       20.0",
            "optimizer                1.000   1.000   1.000       10.0",
            "rest                     2.000   2.000   2.000       20.0",
            "total                   10.000  10.000  10.000      100.0"),
        table.lines());
  }

  @Test
  void noTableWhenTheTimersContradictEachOther() {
    TimeTable table = new TimeTable(List.of(rank(10, 6, 1, 1), rank(10, 9, 0.2, 1)));
    assertEquals(
        List.of(
            "note: no time table: the phases of rank 1 sum to 10.200 s in 10.000 s of wall time"),
        table.lines());
    assertEquals(1, new TimeTable(List.of(rank(10, Double.NaN, 0, 0))).lines().size());
  }

  @Test
  void aLittleClockNoiseIsTolerated() {
    List<String> lines = new TimeTable(List.of(rank(10, 10.05, 0, 0))).lines();
    assertEquals("rest       -0.050  -0.050  -0.050       -0.5", lines.get(2));
    assertEquals("total      10.000  10.000  10.000      100.0", lines.get(3));
  }

  @Test
  void adviceOnLongRingWaits() {
    assertEquals(
        List.of(), new TimeTable(List.of(rank(10, 6, 1, 1))).advice(EVEN, 512, Optional.empty()));
    assertEquals(
        List.of(
            "advice: ring wait is 23% of the time: shards of 512 tokens compute for less time than"
                + " their keys and values travel; use fewer ranks or longer sequences"),
        new TimeTable(List.of(rank(10, 6, 2.3, 1))).advice(EVEN, 512, Optional.empty()));
  }

  @Test
  void ranksThatShareCoresWaitForEachOther() {
    TimeTable waits = new TimeTable(List.of(rank(10, 6, 2.3, 1)));
    assertEquals(
        List.of(
            "advice: ring wait is 23% of the time: 8 ranks on a share 2 cores, and wait for each"
                + " other to compute; use no more ranks than cores"),
        waits.advice(EVEN, 512, Optional.of("8 ranks on a share 2 cores")));
    TimeTable fine = new TimeTable(List.of(rank(10, 6, 1, 1)));
    assertEquals(List.of(), fine.advice(EVEN, 512, Optional.of("8 ranks on a share 2 cores")));
  }

  @Test
  void adviceOnUnevenWork() {
    WorkBalance uneven = new WorkBalance(List.of(1L, 3L, 5L, 7L));
    assertEquals(
        List.of(
            "advice: the busiest rank computes 1.75 times the mean: the others wait for it; layout"
                + " zigzag balances causal attention"),
        new TimeTable(List.of(rank(10, 6, 1, 1))).advice(uneven, 512, Optional.empty()));
  }
}
