package ringattention.train;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import sun.misc.Signal;

/**
 * What this rank has heard of stopping: SIGUSR1 and SIGTERM, and the time that {@code
 * --max-minutes} allows. The signals stay caught until the process ends, so that one that comes
 * late cannot cut off a checkpoint.
 */
public final class StopRequests implements Supplier<Stop> {
  private static final double NANOSECONDS = 60e9; // of a minute

  private final AtomicReference<Stop> heard = new AtomicReference<>(Stop.NONE);
  private final Consumer<String> say;
  private final long deadline; // of System.nanoTime
  private final boolean limited;

  /**
   * @param say told of signals that come too late to change anything; called by another thread
   */
  public StopRequests(OptionalDouble minutes, Consumer<String> say) {
    this.say = say;
    this.limited = minutes.isPresent();
    this.deadline = System.nanoTime() + (long) (minutes.orElse(0) * NANOSECONDS) - age();
    on(Stop.USR1, "USR1");
    on(Stop.TERM, "TERM");
  }

  /** Returns the age of this process, in nanoseconds. */
  private static long age() {
    return ProcessHandle.current()
        .info()
        .startInstant()
        .map(start -> Duration.between(start, Instant.now()).toNanos())
        .orElse(0L);
  }

  private void on(Stop stop, String signal) {
    try {
      Signal.handle(new Signal(signal), received -> hear(stop));
    } catch (IllegalArgumentException e) { // the JVM was told to leave the signal alone
      say.accept(stop.title() + " cannot be caught: " + e.getMessage());
    }
  }

  private void hear(Stop stop) {
    if (!heard.compareAndSet(Stop.NONE, stop)) {
      say.accept(stop.title() + ": ignored, the run is to stop after this step already");
    }
  }

  @Override
  public Stop get() {
    Stop signal = heard.get();
    boolean over = limited && System.nanoTime() - deadline >= 0;
    return signal == Stop.NONE && over ? Stop.TIME : signal;
  }
}
