package ringattention.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Ends a run that hangs. A thread of each rank watches its progress; after so long without any it
 * prints where the rank is, leaves the other ranks time to do the same, and takes the job down.
 */
public final class Watchdog implements AutoCloseable {
  private static final double MINUTE = 60e9; // nanoseconds
  private static final int LOOKS = 50; // in the time allowed
  private static final long LONGEST_LOOK = 5_000; // milliseconds
  private static final long SHORTEST_GRACE = 2_000; // for ranks that hang a little later
  private static final long LONGEST_GRACE = 30_000;
  private static final int FRAMES = 12; // of the stack that is printed

  private final Job job;
  private final double limit; // nanoseconds
  private final LongSupplier progress;
  private final Supplier<String> where;
  private final Thread watched = Thread.currentThread();
  private final Thread thread = new Thread(this::watch, "watchdog");

  private Watchdog(Job job, double minutes, LongSupplier progress, Supplier<String> where) {
    this.job = job;
    this.limit = minutes * MINUTE;
    this.progress = progress;
    this.where = where;
    thread.setDaemon(true);
  }

  /**
   * Watches the calling thread until it is closed.
   *
   * @param minutes allowed without progress; 0: any time
   * @param progress a number that changes as long as there is some; called by another thread
   * @param where the rank is, in words; called by another thread
   */
  public static Watchdog start(
      Job job, double minutes, LongSupplier progress, Supplier<String> where) {
    Watchdog watchdog = new Watchdog(job, minutes, progress, where);
    if (minutes > 0) {
      watchdog.thread.start();
    }
    return watchdog;
  }

  private void watch() {
    long look = (long) Math.min(LONGEST_LOOK, Math.max(1, limit * 1e-6 / LOOKS));
    try {
      long seen = progress.getAsLong();
      long since = System.nanoTime();
      while (System.nanoTime() - since < limit) {
        Thread.sleep(look);
        long now = progress.getAsLong();
        if (now != seen) {
          seen = now;
          since = System.nanoTime();
        }
      }
      job.errors().println(report());
      Thread.sleep((long) Math.min(LONGEST_GRACE, Math.max(SHORTEST_GRACE, limit * 1e-6 / 10)));
    } catch (InterruptedException e) { // the run goes on without it
      return;
    }
    TakeDown.now(job.world());
  }

  private String report() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "ringattention: rank %d of %d on %s: no progress for %s minutes, %s; its thread is at",
            job.world().rank(),
            job.world().size(),
            job.world().host(),
            limit / MINUTE,
            where.get()));
    Arrays.stream(watched.getStackTrace())
        .limit(FRAMES)
        .forEach(frame -> lines.add("    " + frame.toString().replaceFirst("^app//", "")));
    return String.join("\n", lines);
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
