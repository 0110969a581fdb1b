package ringattention.run;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Whether a user wants a command to end with what it has: SIGINT (Ctrl-C), SIGTERM or SIGUSR1 on
 * any rank. The signals stay caught until the process ends, but a second Ctrl-C ends it at once.
 */
public final class Interrupts {
  private final AtomicBoolean heard = new AtomicBoolean();

  /** Catches the signals from now on; those that the JVM keeps for itself are left alone. */
  public Interrupts() {
    for (String name : List.of("INT", "TERM", "USR1")) {
      try {
        Signal.handle(new Signal(name), this::hear);
      } catch (IllegalArgumentException e) { // the JVM was told to leave signals alone
        continue;
      }
    }
  }

  private void hear(Signal signal) {
    heard.set(true);
    if (signal.getName().equals("INT")) {
      Signal.handle(signal, SignalHandler.SIG_DFL);
    }
  }

  /** Returns whether this rank has heard of one. */
  public boolean isHeard() {
    return heard.get();
  }
}
