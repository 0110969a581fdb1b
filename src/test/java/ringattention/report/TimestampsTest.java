package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TimestampsTest {
  private static final Instant START = Instant.parse("2026-11-28T23:55:00.750Z");

  private Instant now = START;

  private final Timestamps timestamps =
      new Timestamps(
          new Clock() {
            @Override
            public ZoneId getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }

            @Override
            public Instant instant() {
              return now;
            }
          });

  private Optional<String> after(long step, long seconds, boolean asked) {
    now = START.plusSeconds(seconds);
    return timestamps.after(step, asked);
  }

  @Test
  void aLineIsDueEveryTenMinutesAndWhenAskedFor() {
    assertEquals(Optional.empty(), after(1, 599, false));
    assertEquals(Optional.of("at 2026-11-29T00:05:00Z after step 2"), after(2, 600, false));
    assertEquals(Optional.empty(), after(3, 1199, false));
    assertEquals(Optional.of("at 2026-11-29T00:15:00Z after step 4"), after(4, 1200, true));
    assertEquals(Optional.empty(), after(5, 1799, false));
    assertEquals(Optional.of("at 2026-11-29T00:25:00Z after step 6"), after(6, 1800, false));
  }

  @Test
  void theEndHasTheGpuHoursOfAllGpus() {
    assertEquals(
        "ended 2026-11-29T01:25:00Z after 1h30m, 12.000 GPU-hours on 8 GPUs",
        Timestamps.ended(START, START.plusSeconds(5400), 8));
    assertEquals(
        "ended 2026-11-28T23:55:45Z after 45s", Timestamps.ended(START, START.plusSeconds(45), 0));
  }
}
