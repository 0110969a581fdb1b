package ringattention.run;

import ringattention.report.RunLog;
import ringattention.report.Units;

/**
 * Says in a run's log what it does, where that takes longer than {@link #PATIENCE_S}: once then,
 * and how long it took when it is done. A run whose log stands still looks as if it hung.
 */
public final class Doing implements AutoCloseable {
  static final double PATIENCE_S = 5;

  private final RunLog log;
  private final String what;
  private final long start = System.nanoTime();
  private final Thread teller;
  private boolean told; // guarded by this
  private boolean done; // guarded by this

  /**
   * Starts to wait.
   *
   * @param what is done, such as {@code loading the weights}
   */
  Doing(RunLog log, String what, double patienceS) {
    this.log = log;
    this.what = what;
    this.teller = new Thread(() -> tell((long) (patienceS * 1000)), "doing");
    teller.setDaemon(true);
    teller.start();
  }

  private void tell(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
      synchronized (this) {
        if (!done) {
          told = true;
          log.line(what + " ...");
        }
      }
    } catch (InterruptedException finished) { // before anybody wondered
      Thread.currentThread().interrupt();
    }
  }

  /** Says how long it took, if it was spoken of. */
  @Override
  public void close() {
    teller.interrupt();
    synchronized (this) {
      done = true;
      if (told) {
        log.line(what + " took " + Units.duration((System.nanoTime() - start) * 1e-9));
      }
    }
  }
}
