package ringattention;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import ringattention.comm.MpiJob;

/** A training run under a real mpirun that something happens to while it goes on. */
final class FaultJob {
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private final Process mpirun;
  private final Path folder;
  private final Path printed;
  private final long start = System.nanoTime();

  private FaultJob(Process mpirun, Path folder, Path printed) {
    this.mpirun = mpirun;
    this.folder = folder;
    this.printed = printed;
  }

  /**
   * @param folder of the run
   * @param arguments of the program
   */
  static FaultJob start(int ranks, Path folder, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of("tools/mpirun.sh", "-np", "" + ranks));
    command.add("bin/ringattention");
    command.addAll(arguments);
    try {
      Path printed = Files.createTempFile("mpirun", ".log");
      Process mpirun =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(printed.toFile())
              .start();
      return new FaultJob(mpirun, folder, printed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path folder() {
    return folder;
  }

  boolean runs() {
    return mpirun.isAlive();
  }

  /** Sends a signal to mpirun, which passes it on or ends the job. */
  void signal(String name) {
    kill(mpirun.pid(), name);
  }

  /** Sends a signal to one rank. */
  void signal(int rank, String name) {
    ranks().stream()
        .filter(process -> environment(process.pid()).contains("OMPI_COMM_WORLD_RANK=" + rank))
        .forEach(process -> kill(process.pid(), name));
  }

  private static void kill(long pid, String name) {
    try {
      new ProcessBuilder("kill", "-" + name, "" + pid).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private List<ProcessHandle> ranks() {
    return mpirun
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("java"))
        .toList();
  }

  private static List<String> environment(long pid) {
    try {
      return List.of(Files.readString(Path.of("/proc/" + pid + "/environ")).split("\0"));
    } catch (IOException e) { // it has just ended
      return List.of();
    }
  }

  /** Waits until something is so, or the job has ended. */
  void until(BooleanSupplier condition) {
    while (runs() && !condition.getAsBoolean()) {
      if (System.nanoTime() - start > LIMIT.toNanos()) {
        throw stuck();
      }
      LockSupport.parkNanos(100_000);
    }
  }

  /** Whether {@code steps.csv} has so many steps. */
  boolean hasSteps(int count) {
    try {
      String text = Files.readString(folder.resolve("steps.csv"));
      return text.chars().filter(letter -> letter == '\n').count() > count;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Waits for its end.
   *
   * @throws AssertionError if it takes too long, or leaves a process behind
   */
  Run end() {
    long from = System.nanoTime();
    try {
      if (!mpirun.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw stuck();
      }
      Duration time = Duration.ofNanos(System.nanoTime() - from);
      MpiJob.awaitMessages();
      String text = Files.readString(printed, StandardCharsets.UTF_8);
      Files.delete(printed);
      requireNothingLeft();
      return new Run(new MpiJob.Result(mpirun.exitValue(), text, time), folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private AssertionError stuck() {
    String text;
    try {
      text = Files.readString(printed);
    } catch (IOException e) {
      text = e.toString();
    }
    mpirun.descendants().forEach(ProcessHandle::destroyForcibly);
    mpirun.destroyForcibly();
    return new AssertionError("no end after " + LIMIT.toSeconds() + " s\n" + text);
  }

  private void requireNothingLeft() throws InterruptedException {
    for (int tries = 0; tries < 50 && !left().isEmpty(); tries++) {
      Thread.sleep(100); // what was killed may take a moment to go
    }
    if (!left().isEmpty()) {
      throw new AssertionError("left behind: " + left());
    }
  }

  /** Command lines of processes that name the run's folder. */
  private List<String> left() {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.map(process -> process.info().commandLine().orElse(""))
          .filter(line -> line.contains(folder + " ") || line.endsWith(folder.toString()))
          .toList();
    }
  }
}
