package ringattention.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class PhaseTimerTest {
  private long now = 1_000;
  private final PhaseTimer timer = new PhaseTimer(() -> now);

  @Test
  void innerTimeIsTakenFromTheOuterPhase() {
    PhaseTimer.Scope attention = timer.in(Phase.ATTENTION);
    now += 10;
    PhaseTimer.Scope wait = timer.in(Phase.RING_WAIT);
    now += 3;
    wait.close();
    now += 5;
    attention.close();
    now += 7;

    assertEquals(15, timer.nanoseconds(Phase.ATTENTION));
    assertEquals(3, timer.nanoseconds(Phase.RING_WAIT));
    assertEquals(0, timer.nanoseconds(Phase.DATA));
    assertEquals(25, timer.nanoseconds());
  }

  @Test
  void anotherThreadSeesTheInnermostPhaseAndThatItGoesOn() {
    assertEquals(0, timer.entered());
    assertEquals(Optional.empty(), timer.now());
    PhaseTimer.Scope attention = timer.in(Phase.ATTENTION);
    try (var scope = timer.in(Phase.RING_WAIT)) {
      assertEquals(Optional.of(Phase.RING_WAIT), timer.now());
    }
    assertEquals(Optional.of(Phase.ATTENTION), timer.now());
    attention.close();
    assertEquals(Optional.empty(), timer.now());
    assertEquals(2, timer.entered());
  }

  @Test
  void samePhaseInsideItselfCountsOnce() {
    try (var outer = timer.in(Phase.ATTENTION)) {
      now += 1;
      try (var scope = timer.in(Phase.ATTENTION)) {
        now += 2;
      }
      now += 4;
    }
    assertEquals(7, timer.nanoseconds(Phase.ATTENTION));
  }

  @Test
  void openPhaseCountsUpToNow() {
    timer.in(Phase.DATA);
    now += 4;
    assertEquals(4, timer.nanoseconds(Phase.DATA));
    now += 2;
    assertEquals(6, timer.nanoseconds(Phase.DATA));
  }

  @Test
  void resetForgetsWhatWasBeforeIt() {
    timer.in(Phase.DATA);
    now += 100;
    timer.reset();
    now += 8;
    assertEquals(8, timer.nanoseconds(Phase.DATA));
    assertEquals(8, timer.nanoseconds());
  }

  @Test
  void closingOutOfOrderIsAnError() {
    PhaseTimer.Scope outer = timer.in(Phase.ATTENTION);
    PhaseTimer.Scope inner = timer.in(Phase.RING_WAIT);
    IllegalStateException error = assertThrows(IllegalStateException.class, outer::close);
    assertEquals("ATTENTION is closed while RING_WAIT is innermost", error.getMessage());
    inner.close();
    assertThrows(IllegalStateException.class, inner::close);
    outer.close();
    assertThrows(IllegalStateException.class, outer::close);
  }

  @Test
  void currentIsTheInnermostOpenPhase() {
    assertEquals(Optional.empty(), timer.current());
    PhaseTimer.Scope outer = timer.in(Phase.FEED_FORWARD);
    try (var scope = timer.in(Phase.GATHER)) {
      assertEquals(Optional.of(Phase.GATHER), timer.current());
    }
    assertEquals(Optional.of(Phase.FEED_FORWARD), timer.current());
    outer.close();
    assertEquals(Optional.empty(), timer.current());
  }

  @Test
  void failedPhaseIsTheOneTheExceptionWasThrownIn() {
    assertThrows(
        ArithmeticException.class,
        () -> {
          try (var outer = timer.in(Phase.ATTENTION);
              var inner = timer.in(Phase.RING_WAIT)) {
            throw new ArithmeticException();
          }
        });
    assertEquals(Optional.of(Phase.RING_WAIT), timer.failed());
    assertEquals(Optional.empty(), timer.current());
  }

  @Test
  void failedPhaseSurvivesTheUnwindingOfScopes() {
    PhaseTimer.Scope before = timer.in(Phase.DATA);
    before.close();
    PhaseTimer.Scope outer = timer.in(Phase.ATTENTION);
    PhaseTimer.Scope inner = timer.in(Phase.RING_WAIT);
    assertEquals(Optional.of(Phase.RING_WAIT), timer.failed(), "caught before anything closed");
    inner.close();
    outer.close();
    assertEquals(Optional.of(Phase.RING_WAIT), timer.failed(), "caught outside");
  }

  @Test
  void timesTravelAsAnArray() {
    try (var scope = timer.in(Phase.OPTIMIZER)) {
      now += 2_000_000_000L;
    }
    now += 500_000_000L;
    PhaseTimes times = PhaseTimes.of(timer.times().toArray());
    assertEquals(2.5, times.wallS(), 1e-12);
    assertEquals(2.0, times.seconds(Phase.OPTIMIZER), 1e-12);
    assertEquals(2.0, times.inPhases(), 1e-12);
    assertEquals(timer.times(), times);
  }
}
