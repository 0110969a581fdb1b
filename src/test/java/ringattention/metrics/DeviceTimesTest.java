package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceTimesTest {
  private static final double NANOSECOND = 1e-9;
  private static final double ROUNDING = 1e-15;

  private final List<Span> ranges = new ArrayList<>();

  private void range(Phase phase, long from, long to) {
    range(phase.title(), from, to);
  }

  private void range(String name, long from, long to) {
    ranges.add(new Span(Track.DEVICE, name, from, to));
  }

  private void assertNanoseconds(long expected, Phase phase) {
    PhaseTimes times = DeviceTimes.of(ranges, 1);
    assertEquals(expected * NANOSECOND, times.seconds(phase), ROUNDING, phase.title());
  }

  @Test
  void phasesAreExclusive() {
    range(Phase.GATHER, 10, 13);
    range(Phase.PROJECTIONS, 5, 25);
    range(Phase.REDUCE, 30, 34);
    range(Phase.GATHER, 36, 37);
    assertNanoseconds(4, Phase.GATHER);
    assertNanoseconds(17, Phase.PROJECTIONS);
    assertNanoseconds(4, Phase.REDUCE);
    PhaseTimes times = DeviceTimes.of(ranges, 40 * NANOSECOND);
    assertEquals(40 * NANOSECOND, times.wallS());
    assertEquals(25 * NANOSECOND, times.inPhases(), ROUNDING); // the rest is between them
  }

  /** Two block pairs, the second with a merge in it, and a wait after the first. */
  private void attention(long start) {
    range("forward step 0: 8 x 8 causal", start + 1, start + 11);
    range(Phase.RING_WAIT, start + 11, start + 14);
    range("merge", start + 24, start + 26);
    range("forward step 1: 8 x 8 full", start + 16, start + 26);
    range(Phase.ATTENTION, start, start + 30);
  }

  @Test
  void attentionThatNoWorkCoversIsTheRings() {
    attention(100);
    assertNanoseconds(20, Phase.ATTENTION);
    assertNanoseconds(10, Phase.RING_WAIT); // 1 before, 5 between, of which 3 waited, 4 after
    attention(200);
    assertNanoseconds(40, Phase.ATTENTION);
    assertNanoseconds(20, Phase.RING_WAIT);
  }

  @Test
  void withoutARingNothingWaits() {
    range("forward step 0: 8 x 8 causal", 4, 20);
    range(Phase.ATTENTION, 0, 25);
    assertNanoseconds(25, Phase.ATTENTION);
    assertNanoseconds(0, Phase.RING_WAIT);
  }

  @Test
  void otherPhasesWithinAttentionKeepTheirTime() {
    range("forward step 0: 8 x 8 causal", 0, 10);
    range(Phase.OFFLOAD, 12, 15);
    range(Phase.RING_WAIT, 15, 16);
    range("forward step 1: 8 x 8 full", 16, 20);
    range(Phase.ATTENTION, 0, 20);
    assertNanoseconds(14, Phase.ATTENTION);
    assertNanoseconds(3, Phase.OFFLOAD);
    assertNanoseconds(3, Phase.RING_WAIT);
  }

  @Test
  void workBelongsToThePhaseAroundIt() {
    range("merge", 2, 4);
    range(Phase.FEED_FORWARD, 1, 6);
    range("merge", 7, 9); // in no phase
    assertNanoseconds(5, Phase.FEED_FORWARD);
    assertEquals(5 * NANOSECOND, DeviceTimes.of(ranges, 1).inPhases(), ROUNDING);
  }

  /** Where everything arrived in time a wait takes nothing, and begins and ends with others. */
  @Test
  void rangesThatTakeNoTimeChangeNothing() {
    range("forward step 0: 8 x 8 causal", 0, 10);
    range(Phase.RING_WAIT, 10, 10);
    range("forward step 1: 8 x 8 full", 10, 19);
    range(Phase.ATTENTION, 0, 20);
    range(Phase.GATHER, 20, 20);
    range(Phase.FEED_FORWARD, 20, 28);
    assertNanoseconds(19, Phase.ATTENTION);
    assertNanoseconds(1, Phase.RING_WAIT);
    assertNanoseconds(8, Phase.FEED_FORWARD);
    assertNanoseconds(0, Phase.GATHER);
  }
}
