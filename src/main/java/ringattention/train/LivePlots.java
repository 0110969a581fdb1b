package ringattention.train;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ringattention.metrics.LossUnit;
import ringattention.report.StepRecord;
import ringattention.run.RunOutput;

/**
 * Draws a run's plots again while it goes on, in a thread that no step waits for: at most one core
 * for a hundredth of the time. What cannot be drawn or written is said once and fails nothing.
 */
final class LivePlots implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LivePlots.class);

  private static final double SECOND = 1e9; // nanoseconds

  /**
   * The first comes this early, so that the memory that drawing takes is there before step 500,
   * when {@link ringattention.run.ProcessGrowth} begins to compare.
   */
  static final int FIRST_STEPS = 100;

  static final double FIRST_S = 10;
  static final double APART_S = 60; // at least, from the end of one to the start of the next
  static final double SHARE = 0.01; // of the time, at most
  private static final int LAST_S = 10; // that the end of the steps waits for a drawing on its way

  private final boolean on;
  private final String title;
  private final LossUnit unit;
  private final BiConsumer<String, Supplier<byte[]>> sink;
  private final LongSupplier clock;
  private final long start;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread made = new Thread(work, "plots");
            made.setDaemon(true);
            return made;
          });
  private int steps;
  private Future<?> drawing; // null before the first
  private volatile long ended; // clock at the end of the last drawing
  private volatile long took; // nanoseconds
  private final AtomicReference<String> failure = new AtomicReference<>(); // not said yet
  private volatile boolean broken;

  /**
   * @param on whether to draw at all
   * @param title of the plots
   * @param unit of losses
   * @param sink draws and writes a plot by its name, or throws; called by another thread
   * @param clock in nanoseconds
   */
  LivePlots(
      boolean on,
      String title,
      LossUnit unit,
      BiConsumer<String, Supplier<byte[]>> sink,
      LongSupplier clock) {
    this.on = on;
    this.title = title;
    this.unit = unit;
    this.sink = sink;
    this.clock = clock;
    this.start = clock.getAsLong();
  }

  /** Draws on rank 0 into the run's folder, if plots are wanted; elsewhere does nothing. */
  static LivePlots of(RunOutput output, LossUnit unit) {
    return new LivePlots(output.draws(), output.title(), unit, output::draw, System::nanoTime);
  }

  /**
   * To be called after every step: starts a drawing if one is due and none is on its way.
   *
   * @param records of all steps so far
   * @return a line for the log, once drawing has failed
   */
  Optional<String> after(List<StepRecord> records) {
    steps++;
    if (on && !broken && due()) {
      Map<String, Supplier<byte[]>> plots = Curves.of(title, unit, List.copyOf(records));
      drawing = thread.submit(() -> draw(plots));
    }
    return Optional.ofNullable(failure.getAndSet(null));
  }

  private boolean due() {
    long now = clock.getAsLong();
    if (drawing == null) {
      return steps >= FIRST_STEPS || now - start >= FIRST_S * SECOND;
    }
    return drawing.isDone() && now - ended >= Math.max(APART_S * SECOND, took / SHARE);
  }

  private void draw(Map<String, Supplier<byte[]>> plots) {
    long began = clock.getAsLong();
    try {
      plots.forEach(sink);
      LOG.debug("plots drawn in {} ms", (clock.getAsLong() - began) / 1_000_000);
    } catch (RuntimeException | Error e) { // also what a machine without fonts or memory throws
      broken = true;
      failure.set("WARNING: no plots before the end of the run: " + e.getMessage());
    }
    ended = clock.getAsLong();
    took = ended - began;
  }

  /** Waits for a drawing that is on its way, so that the last plots are not those. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      thread.awaitTermination(LAST_S, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
