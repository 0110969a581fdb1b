package ringattention.metrics;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Time of one rank by phase. Phases nest and are exclusive: time in an inner phase is taken from
 * the outer one, so that the phases never sum to more than the wall time. Used from one thread, but
 * for what says otherwise.
 *
 * <p>The timer also says which phase failed. A {@link Scope} cannot tell an exception from a normal
 * end, so {@link #failed} names the innermost of the scopes that closed last, one right after the
 * other: right unless the outer scope threw after the inner one had ended.
 */
public final class PhaseTimer {
  /** An open phase; closing it returns to the phase around it. */
  public final class Scope implements AutoCloseable {
    private final Phase phase;
    private final long from;
    private final Runnable left;

    private Scope(Phase phase, long from, Runnable left) {
      this.phase = phase;
      this.from = from;
      this.left = left;
    }

    /**
     * @throws IllegalStateException if this is not the innermost open scope
     */
    @Override
    public void close() {
      end(this);
      if (unwound == null) {
        unwound = phase;
      }
    }
  }

  private static final Runnable NOTHING = () -> {};

  private final LongSupplier clock;
  private final Timeline timeline;
  private final Deque<Scope> open = new ArrayDeque<>();
  private final long[] charged = new long[Phase.values().length];
  private Function<Phase, Runnable> follower = phase -> NOTHING;
  private long start;
  private long chargedUntil;
  private volatile long entered; // phases, ever
  private volatile Phase now; // null outside of all
  private Phase unwound; // where the closing that is going on began; null while phases run

  /**
   * @param nanoseconds a clock that never goes back, such as {@link System#nanoTime}
   */
  public PhaseTimer(LongSupplier nanoseconds) {
    this.clock = nanoseconds;
    this.timeline = new Timeline(nanoseconds);
    reset();
  }

  /** Where phases are recorded, while it records. */
  public Timeline timeline() {
    return timeline;
  }

  /**
   * Tells someone about every phase from now on.
   *
   * @param entered called as a phase begins; what it returns is called as that phase ends
   */
  public void follow(Function<Phase, Runnable> entered) {
    follower = entered;
  }

  /** Enters a phase until the scope is closed. */
  public Scope in(Phase phase) {
    Runnable left = follower.apply(phase);
    charge();
    unwound = null;
    Scope scope = new Scope(phase, chargedUntil, left);
    open.push(scope);
    now = phase;
    entered = entered + 1;
    return scope;
  }

  /** Forgets all times, for example after the warm-up. Open phases stay open and count from now. */
  public void reset() {
    Arrays.fill(charged, 0);
    start = clock.getAsLong();
    chargedUntil = start;
  }

  /** Time spent in a phase since the last reset, up to now. */
  public long nanoseconds(Phase phase) {
    charge();
    return charged[phase.ordinal()];
  }

  /** Wall time since the last reset; what no phase covers is the rest. */
  public long nanoseconds() {
    return clock.getAsLong() - start;
  }

  /** How many phases were ever entered: changes as long as the rank goes on. For any thread. */
  public long entered() {
    return entered;
  }

  /** The innermost open phase, or it was a moment ago. For any thread. */
  public Optional<Phase> now() {
    return Optional.ofNullable(now);
  }

  /** The innermost open phase. */
  public Optional<Phase> current() {
    return Optional.ofNullable(open.peek()).map(scope -> scope.phase);
  }

  /**
   * Where an exception that has just been caught was thrown: the phase it left first, or the one
   * still open.
   */
  public Optional<Phase> failed() {
    return Optional.ofNullable(unwound).or(this::current);
  }

  /** All times since the last reset, in seconds. */
  public PhaseTimes times() {
    Map<Phase, Double> seconds = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      seconds.put(phase, nanoseconds(phase) * 1e-9);
    }
    return new PhaseTimes(nanoseconds() * 1e-9, seconds);
  }

  private void end(Scope scope) {
    if (open.peek() != scope) {
      throw new IllegalStateException(
          scope.phase
              + " is closed while "
              + current().map(Phase::name).orElse("nothing")
              + " is innermost");
    }
    charge();
    open.pop();
    now = open.isEmpty() ? null : open.peek().phase;
    timeline.add(Track.HOST, scope.phase.title(), scope.from, chargedUntil);
    scope.left.run();
  }

  private void charge() {
    long now = clock.getAsLong();
    if (!open.isEmpty()) {
      charged[open.peek().phase.ordinal()] += now - chargedUntil;
    }
    chargedUntil = now;
  }
}
