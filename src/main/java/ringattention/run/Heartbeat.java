package ringattention.run;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import ringattention.comm.Communicator;

/**
 * Ends a job whose hosts lose each other, whatever its ranks wait for meanwhile: MPI itself waits
 * for ever for a host that is gone, and a step may take minutes. Where ranks are on several hosts,
 * a thread of each exchanges a byte a second, over connections of its own, with the ranks above and
 * below it in the {@link HostTree}. One that has heard nothing for too long names who is missing,
 * tells the others, and takes the job down.
 */
public final class Heartbeat implements AutoCloseable {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int PATIENCE = 10_000; // milliseconds to connect
  private static final int BEATS = 10; // in the time allowed, at least
  private static final long GRACE = TimeUnit.SECONDS.toMillis(2); // for lines of other ranks

  private final Communicator world;
  private final PrintStream errors;
  private final Runnable end;
  private final CountDownLatch closing = new CountDownLatch(1);
  private boolean begun;
  private List<HeartbeatLink> links = List.of();
  private Thread thread; // null with nobody to hear of

  /** Makes one that does nothing yet. */
  public Heartbeat(Communicator world, PrintStream errors) {
    this(world, errors, () -> TakeDown.now(world));
  }

  /**
   * @param end takes the job down
   */
  Heartbeat(Communicator world, PrintStream errors, Runnable end) {
    this.world = world;
    this.errors = errors;
    this.end = end;
  }

  /**
   * Begins, unless it has begun before. Collective over all ranks of the job. Where ranks cannot
   * connect the job goes on without, with a warning.
   *
   * @param seconds without a word of another rank after which the job ends; 0: none
   */
  public void begin(double seconds) {
    if (begun) {
      return;
    }
    begun = true;
    if (seconds == 0 || world.size() == 1) {
      return;
    }
    HostTree tree = new HostTree(new Agreement(world).gather(world.host()));
    if (!tree.branches()) {
      return;
    }
    try (HeartbeatMeeting meeting = new HeartbeatMeeting(world, tree, PATIENCE)) {
      watch(meeting.hold(), seconds);
    } catch (UncheckedIOException | IOException e) {
      if (world.rank() == 0) {
        errors.println(
            "ringattention: WARNING: no heartbeat between hosts, so a host that is lost may not be"
                + " noticed: "
                + e.getMessage().replaceFirst("^java\\.io\\.IOException: ", ""));
      }
    }
  }

  /** Watches connections that are there. */
  void watch(List<HeartbeatLink> connections, double seconds) {
    links = connections;
    long limit = (long) (seconds * SECOND);
    thread = new Thread(() -> beat(limit), "heartbeat");
    thread.setDaemon(true);
    thread.start();
  }

  private void beat(long limit) {
    long pause = Math.max(1, Math.min(SECOND, limit / BEATS));
    long before = System.nanoTime();
    try {
      while (!closing.await(pause, TimeUnit.NANOSECONDS)) {
        long now = System.nanoTime();
        // a process that was stopped itself, as a job that is suspended, has not listened
        long listened = Math.min(now - before, 2 * pause);
        before = now;
        links.forEach(link -> link.exchange(listened));
        if (links.stream().anyMatch(HeartbeatLink::told) || reportLost(limit)) {
          links.forEach(HeartbeatLink::tell);
          Thread.sleep(GRACE);
          end.run();
          return;
        }
      }
    } catch (InterruptedException e) { // the thread belongs to nobody who would
      Thread.currentThread().interrupt();
    }
  }

  private boolean reportLost(long limit) {
    List<HeartbeatLink> lost = links.stream().filter(link -> link.silent() > limit).toList();
    for (HeartbeatLink link : lost) {
      errors.println(
          String.format(
              Locale.ROOT,
              "ringattention: rank %d of %d on %s: no word from %s for %s seconds"
                  + " (timeout.network): the job ends",
              world.rank(),
              world.size(),
              world.host(),
              link.peer(),
              Double.toString(limit / (double) SECOND).replaceFirst("\\.0$", "")));
    }
    return !lost.isEmpty();
  }

  /** Ends it; the others do not miss this rank. */
  @Override
  public void close() {
    closing.countDown();
    if (thread == null) {
      return;
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    links.forEach(HeartbeatLink::close);
  }
}
