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
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import ringattention.cli.ExitCode;
import ringattention.comm.CommunicationException;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.comm.LocalCommunicator;
import ringattention.comm.World;
import ringattention.run.GpuChoice;

/**
 * The program, run once inside this process by the code that Main runs: one rank as it is started
 * alone, or several as threads, without mpirun. They share signals and what else belongs to a
 * process.
 *
 * @param exitCode of the process it would have been, or of the job
 * @param output of all ranks to their standard outputs
 * @param errors of all ranks to their standard errors
 * @param allocatedBytes on the heap by the threads of the ranks, garbage included
 */
public record Attempt(
    int exitCode, List<String> output, List<String> errors, long allocatedBytes, Duration time) {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What ranks print at the same time. */
  private static final class Printed {
    final ByteArrayOutputStream console = new ByteArrayOutputStream();
    final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    final AtomicLong allocated = new AtomicLong();

    Main main() {
      return new Main(
          Map.of(), new PrintStream(console, true, UTF_8), new PrintStream(errors, true, UTF_8));
    }

    /** Runs one rank, whose thread this is. */
    int counted(IntFunction<Integer> rank, int number) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      try {
        return rank.apply(number);
      } finally {
        allocated.addAndGet(THREADS.getCurrentThreadAllocatedBytes() - before);
      }
    }
  }

  /**
   * Runs one rank as it is started alone.
   *
   * @throws AssertionError with the stack of the program if it takes longer than the limit
   */
  public static Attempt run(Duration limit, List<String> arguments) {
    Printed printed = new Printed();
    return run(
        limit,
        arguments,
        printed,
        () -> printed.counted(rank -> printed.main().run(array(arguments)), 0));
  }

  /**
   * Runs that many ranks as threads, as if mpirun had started them on this machine.
   *
   * @throws AssertionError if they take longer than the limit
   */
  public static Attempt run(int ranks, Duration limit, List<String> arguments) {
    return run(ranks, limit, rank -> arguments);
  }

  /**
   * Runs ranks that are not started with the same command.
   *
   * @param arguments of a rank, by its number
   */
  public static Attempt run(int ranks, Duration limit, IntFunction<List<String>> arguments) {
    Printed printed = new Printed();
    return run(limit, arguments.apply(0), printed, () -> ranks(ranks, printed, arguments));
  }

  private static int ranks(int ranks, Printed printed, IntFunction<List<String>> arguments) {
    try {
      List<Integer> codes =
          LocalCommunicator.run(
              ranks, world -> printed.counted(n -> rank(printed, world, arguments), world.rank()));
      return codes.stream().max(Integer::compare).orElseThrow();
    } catch (CommunicationException aborted) { // by a rank that has said why
      return ExitCode.ERROR;
    }
  }

  private static int rank(
      Printed printed, Communicator world, IntFunction<List<String>> arguments) {
    Launch launch = new Launch(true, world.rank(), world.size(), false);
    GpuChoice gpu = new GpuChoice(-1, "ranks are threads");
    return printed.main().run(launch, gpu, World.of(world), array(arguments.apply(world.rank())));
  }

  private static Attempt run(
      Duration limit, List<String> arguments, Printed printed, IntSupplier program) {
    AtomicInteger exitCode = new AtomicInteger(-1);
    Thread thread = new Thread(() -> exitCode.set(program.getAsInt()), "attempt");
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
    return new Attempt(
        exitCode.get(),
        lines(printed.console),
        lines(printed.errors),
        printed.allocated.get(),
        time);
  }

  private static String[] array(List<String> arguments) {
    return arguments.toArray(String[]::new);
  }

  private static List<String> lines(ByteArrayOutputStream text) {
    return text.toString(UTF_8).lines().toList();
  }
}
