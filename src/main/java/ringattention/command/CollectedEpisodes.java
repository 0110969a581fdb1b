package ringattention.command;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import ringattention.environment.Collection;
import ringattention.environment.Collection.Part;
import ringattention.environment.Episodes;
import ringattention.report.RunLog;

/** Makes the episodes that are not there yet, on several threads, and counts them. */
final class CollectedEpisodes {
  private static final long NANOS = 1_000_000_000;
  private static final long EVERY = 10 * NANOS; // a line of the log
  private static final long PATIENCE_S = 60;

  private final EpisodeFolder folder;
  private final Collection collection;
  private final RunLog log;
  private final long start = System.nanoTime();
  private long said = start;
  private long made;
  private double sum;
  private double most = Double.NEGATIVE_INFINITY;
  private double least = Double.POSITIVE_INFINITY;

  CollectedEpisodes(EpisodeFolder folder, Collection collection, RunLog log) {
    this.folder = folder;
    this.collection = collection;
    this.log = log;
  }

  /**
   * Makes what is not there of parts.
   *
   * @return how many episodes that were
   * @throws ringattention.report.OutputException if one cannot be written
   */
  long run(List<Part> parts, int threads) {
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    try {
      List<? extends Future<?>> all =
          parts.stream().map(part -> workers.submit(() -> make(part))).toList();
      for (Future<?> one : all) {
        one.get();
      }
      return made;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while episodes were made", e);
    } finally {
      end(workers);
    }
  }

  /** Waits until no thread writes any more: the folder may be another's then. */
  private static void end(ExecutorService workers) {
    workers.shutdownNow();
    try {
      workers.awaitTermination(PATIENCE_S, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void make(Part part) {
    boolean[] there = new boolean[part.count()];
    boolean all = true;
    for (int i = 0; i < there.length; i++) {
      there[i] = folder.has(part, part.first() + i);
      all &= there[i];
    }
    if (!all) {
      collection.make(part, episodes -> write(part, there, episodes));
    }
  }

  private void write(Part part, boolean[] there, Episodes episodes) {
    for (int i = 0; i < episodes.count(); i++) {
      if (!there[episodes.first() + i - part.first()]) {
        folder.write(part, episodes, i);
        count(episodes.sum(i));
      }
    }
  }

  private synchronized void count(double episodeReturn) {
    made++;
    sum += episodeReturn;
    most = Math.max(most, episodeReturn);
    least = Math.min(least, episodeReturn);
    if (System.nanoTime() - said > EVERY) {
      said = System.nanoTime();
      double rate = made / seconds();
      log.line(String.format(Locale.ROOT, "%d episodes made, %.0f in a second", made, rate));
    }
  }

  double seconds() {
    return (double) (System.nanoTime() - start) / NANOS;
  }

  long made() {
    return made;
  }

  /** Returns the sum of the returns of episodes that were made. */
  double sum() {
    return sum;
  }

  /** Returns the largest return; minus infinity if none was made. */
  double most() {
    return most;
  }

  /** Returns the smallest return; infinity if none was made. */
  double least() {
    return least;
  }
}
