package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimelineTest {
  private long now = 1_000;
  private final PhaseTimer timer = new PhaseTimer(() -> now);
  private final Timeline timeline = timer.timeline();

  private void attend() {
    now += 1;
    try (var attention = timer.in(Phase.ATTENTION)) {
      now += 10;
      try (var scope = timer.in(Phase.RING_WAIT)) {
        now += 3;
      }
      now += 5;
    }
    now += 1;
  }

  @Test
  void phasesAreSpansThatNest() {
    timeline.start();
    attend();
    assertEquals(
        List.of(
            new Span(Track.HOST, "ring wait (not hidden)", 1_011, 1_014),
            new Span(Track.HOST, "attention", 1_001, 1_019)),
        timeline.stop());
  }

  @Test
  void onlyWhatEndsBetweenStartAndStop() {
    attend();
    Timeline.Flight early = timeline.begin(Track.KEY_VALUES, () -> "early");
    timeline.start();
    early.landed();
    Timeline.Flight late = timeline.begin(Track.KEY_VALUES, () -> "late");
    assertEquals(List.of(), timeline.stop());
    late.landed();
    attend();
    timeline.start();
    assertEquals(List.of(), timeline.stop());
    assertThrows(IllegalStateException.class, timeline::stop);
  }

  @Test
  void flightGoesOnBesidePhases() {
    timeline.start();
    Timeline.Flight flight = timeline.begin(Track.GRADIENTS, () -> "for step 2");
    attend();
    flight.landed();
    assertEquals(new Span(Track.GRADIENTS, "for step 2", 1_000, 1_020), timeline.stop().get(2));
  }

  @Test
  void namesAreNotMadeForNobody() {
    timeline
        .begin(
            Track.KEY_VALUES,
            () -> {
              throw new AssertionError("a name was made");
            })
        .landed();
  }

  @Test
  void followerIsToldOfEveryPhase() {
    List<String> told = new ArrayList<>();
    timer.follow(
        phase -> {
          told.add("enter " + phase);
          return () -> told.add("leave " + phase);
        });
    attend();
    assertEquals(
        List.of("enter ATTENTION", "enter RING_WAIT", "leave RING_WAIT", "leave ATTENTION"), told);
  }

  @Test
  void spanDoesNotEndBeforeItStarts() {
    assertThrows(IllegalArgumentException.class, () -> new Span(Track.HOST, "x", 2, 1));
  }
}
