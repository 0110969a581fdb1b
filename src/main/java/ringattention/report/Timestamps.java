package ringattention.report;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * Wall-clock times of a run's log, in UTC as ISO 8601 has them. A progress line has no room for one
 * in 100 columns, so a line of its own says the time with every held-out loss, and otherwise every
 * ten minutes; {@code run.jsonl} has that of every event.
 */
public final class Timestamps {
  private static final Duration APART = Duration.ofMinutes(10);

  private final Clock clock;
  private Instant last;

  /** Starts now, with the time of the system. */
  public Timestamps() {
    this(Clock.systemUTC());
  }

  Timestamps(Clock clock) {
    this.clock = clock;
    this.last = clock.instant();
  }

  /**
   * Returns the line after a step, if one is due.
   *
   * @param asked whether it is, however short ago the last one was
   */
  public Optional<String> after(long step, boolean asked) {
    Instant now = clock.instant();
    if (!asked && Duration.between(last, now).compareTo(APART) < 0) {
      return Optional.empty();
    }
    last = now;
    return Optional.of("at " + text(now) + " after step " + step);
  }

  /** For example {@code 2026-11-28T15:01:37Z}. */
  public static String text(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /**
   * Returns the last but one line of a log.
   *
   * @param gpus that computed all the time; 0: none
   */
  public static String ended(Instant start, Instant end, int gpus) {
    double seconds = Duration.between(start, end).toMillis() * 1e-3;
    String line = "ended " + text(end) + " after " + Units.duration(seconds);
    return gpus == 0
        ? line
        : line + Units.format(", %.3f GPU-hours on %d GPUs", gpuHours(start, end, gpus), gpus);
  }

  /** Returns GPUs times hours, whether they computed or waited: what a job costs. */
  public static double gpuHours(Instant start, Instant end, int gpus) {
    return gpus * (Duration.between(start, end).toMillis() / 3.6e6);
  }
}
