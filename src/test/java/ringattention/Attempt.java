package ringattention;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The program as one rank, run once inside this process by the code that Main runs.
 *
 * @param exitCode of the process it would have been
 * @param allocatedBytes on the heap, garbage included
 */
public record Attempt(
    int exitCode, List<String> output, List<String> errors, long allocatedBytes, Duration time) {
  /**
   * @throws AssertionError with the stack of the program if it takes longer than the limit
   */
  public static Attempt run(Duration limit, List<String> arguments) {
    ByteArrayOutputStream console = new ByteArrayOutputStream();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    AtomicInteger exitCode = new AtomicInteger(-1);
    AtomicLong bytes = new AtomicLong();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Thread thread =
        new Thread(
            () -> {
              long before = threads.getCurrentThreadAllocatedBytes();
              Main main =
                  new Main(
                      Map.of(),
                      new PrintStream(console, true, UTF_8),
                      new PrintStream(errors, true, UTF_8));
              exitCode.set(main.run(arguments.toArray(String[]::new)));
              bytes.set(threads.getCurrentThreadAllocatedBytes() - before);
            },
            "attempt");
    thread.setDaemon(true);
    long start = System.nanoTime();
    thread.start();
    try {
      thread.join(limit.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while it was running: " + arguments, e);
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    if (thread.isAlive()) {
      AssertionError hangs = new AssertionError("no end after " + limit + ": " + arguments);
      hangs.setStackTrace(thread.getStackTrace());
      throw hangs;
    }
    return new Attempt(exitCode.get(), lines(console), lines(errors), bytes.get(), time);
  }

  private static List<String> lines(ByteArrayOutputStream text) {
    return text.toString(UTF_8).lines().toList();
  }
}
