package ringattention.device.cpu;

import java.util.Arrays;
import java.util.concurrent.Phaser;
import java.util.function.LongFunction;
import ringattention.device.Memory;

/**
 * The threads of one device. Work is cut into as many parts as there are threads, and part i always
 * runs on thread i (the caller is thread 0), so nothing depends on who comes first. With one thread
 * there is no pool.
 */
final class Workers implements AutoCloseable {
  /** One thread's part of a piece of work. */
  @FunctionalInterface
  interface Task {
    void run(Worker worker, int part, int parts);
  }

  private final Worker[] workers;
  private final Thread[] threads;
  private final Throwable[] failures;
  private final Phaser gate; // passed together at the start and at the end of a task
  private Task task;

  Workers(int count, LongFunction<Memory> allocate) {
    workers = new Worker[count];
    threads = new Thread[count - 1];
    failures = new Throwable[count];
    gate = new Phaser(count);
    for (int i = 0; i < count; i++) {
      workers[i] = new Worker(allocate);
    }
    for (int i = 1; i < count; i++) {
      int part = i;
      threads[i - 1] = new Thread(() -> serve(part), "cpu-device-" + part);
      threads[i - 1].setDaemon(true);
      threads[i - 1].start();
    }
  }

  int count() {
    return workers.length;
  }

  /**
   * Runs the task in one part per thread, or whole on the caller where splitting would cost more
   * than it saves.
   */
  void run(boolean split, Task work) {
    if (gate.isTerminated()) {
      throw new IllegalStateException("the device is closed");
    }
    if (!split || workers.length == 1) {
      work.run(workers[0], 0, 1);
      return;
    }
    task = work;
    gate.arriveAndAwaitAdvance();
    attempt(0);
    gate.arriveAndAwaitAdvance();
    task = null;
    for (Throwable failure : failures) {
      if (failure != null) {
        Arrays.fill(failures, null);
        throw new IllegalStateException("a thread of the cpu device failed", failure);
      }
    }
  }

  /**
   * Start of a part when a total is cut into equal runs of whole units; the end is the start of the
   * next part.
   */
  static long start(long total, int part, int parts, int unit) {
    long units = (total + unit - 1) / unit;
    return Math.min(total, units * part / parts * unit);
  }

  private void serve(int part) {
    while (gate.arriveAndAwaitAdvance() >= 0) {
      attempt(part);
      gate.arriveAndAwaitAdvance();
    }
  }

  private void attempt(int part) {
    try {
      task.run(workers[part], part, workers.length);
    } catch (RuntimeException | Error failure) {
      failures[part] = failure; // the others must still pass the gate
    }
  }

  /** Ends the threads and frees their tiles. */
  @Override
  public void close() {
    gate.forceTermination();
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    for (Worker worker : workers) {
      worker.close();
    }
  }
}
