package ringattention.data;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Work that several threads do at once, and steps that the calling thread does with its results, in
 * the order in which the work was added. So what comes of it is the same for any number of threads,
 * and of several failures the first is the one that is seen. How much waits is limited.
 */
final class OrderedWork implements AutoCloseable {
  /** Is done on any thread, and must change nothing that others see. */
  interface Work {
    /** Returns what is to be done with the result. */
    Step run();
  }

  /** Is done on the calling thread, in order. */
  interface Step {
    void run() throws IOException;
  }

  private record Pending(int size, Future<Step> step) {}

  /** Characters that wait, or are worked on: a few megabytes, and enough for every thread. */
  private static final int MOST = 1 << 21;

  private static final int OVERHEAD = 256; // characters that the smallest work counts for
  private static final int MOST_THREADS = 16; // the library takes some megabytes for each

  private final ExecutorService threads;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private long waiting; // characters

  OrderedWork(int threads) {
    this.threads =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread = new Thread(work, "tokenize");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Returns how many threads suit the cores that this process may use. */
  static int threads() {
    return Math.min(Runtime.getRuntime().availableProcessors(), MOST_THREADS);
  }

  /**
   * Takes work, and does the steps that are due before there is room for it.
   *
   * @param size in characters
   * @throws IOException of one of these steps; so with unchecked exceptions of steps and their work
   */
  void add(int size, Work work) throws IOException {
    int counted = size + OVERHEAD;
    while (!pending.isEmpty() && (waiting + counted > MOST || pending.peek().step().isDone())) {
      next();
    }
    waiting += counted;
    pending.add(new Pending(counted, threads.submit(work::run)));
  }

  /** Takes a step that needs no work. */
  void then(Step step) throws IOException {
    if (pending.isEmpty()) {
      step.run();
    } else {
      waiting += OVERHEAD;
      pending.add(new Pending(OVERHEAD, CompletableFuture.completedFuture(step)));
    }
  }

  /** Does all steps that are left; none, if one has failed. */
  void finish() throws IOException {
    while (!pending.isEmpty()) {
      next();
    }
  }

  private void next() throws IOException {
    Pending first = pending.remove();
    waiting -= first.size();
    boolean done = false;
    try {
      first.step().get().run();
      done = true;
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failed.getCause(); // work declares no other
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a corpus was tokenized", e);
    } finally {
      if (!done) {
        drop();
      }
    }
  }

  /** Nothing behind a failure is done. */
  private void drop() {
    pending.forEach(left -> left.step().cancel(false));
    pending.clear();
    waiting = 0;
  }

  /** Drops what is left, and waits for work that has begun: it may use what is closed next. */
  @Override
  public void close() {
    drop();
    threads.shutdown();
    boolean interrupted = false;
    for (boolean ended = false; !ended; ) {
      try {
        ended = threads.awaitTermination(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
