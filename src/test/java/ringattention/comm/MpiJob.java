package ringattention.comm;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real {@code mpirun} started by a test. */
public final class MpiJob {
  /** How a job ended; {@code output} is standard output and standard error together. */
  public record Result(int exitCode, String output, Duration time) {}

  private static final int FILTER_S = 10; // at most

  private MpiJob() {}

  /**
   * Runs a class with a {@code main} of the tests on that many ranks.
   *
   * @throws AssertionError if it takes longer than the limit
   */
  public static Result runClass(int ranks, Duration limit, Class<?> main, String... arguments) {
    String classes = System.getProperty("java.class.path");
    return runClass(ranks, limit, environment("OMPI_LIB_DIR"), classes, main, arguments);
  }

  /** The same with the built program's jar and native libraries, which the class may call. */
  public static Result runProgram(int ranks, Duration limit, Class<?> main, String... arguments) {
    String natives = Path.of("target", "natives") + ":" + environment("OMPI_LIB_DIR");
    String classes = "target/ringattention.jar:target/lib/*:build/mpi/mpi.jar:target/test-classes";
    return runClass(ranks, limit, natives, classes, main, arguments);
  }

  private static Result runClass(
      int ranks,
      Duration limit,
      String libraries,
      String classes,
      Class<?> main,
      String... arguments) {
    List<String> command = new ArrayList<>();
    // by way of env: mpirun edits the arguments of a command named java
    command.add("env");
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-Xmx1g"));
    command.addAll(List.of("-XX:+UseSerialGC", "-Djava.library.path=" + libraries));
    command.addAll(compilerOptions());
    command.addAll(List.of("-cp", classes, main.getName()));
    command.addAll(List.of(arguments));
    return run(ranks, limit, command);
  }

  /** Runs a command on that many ranks, as {@code make run} does. */
  public static Result run(int ranks, Duration limit, List<String> command) {
    List<String> all = new ArrayList<>(List.of("tools/mpirun.sh", "-np", Integer.toString(ranks)));
    all.addAll(command);
    return runAlone(limit, all);
  }

  /**
   * Runs a command as it is, without mpirun.
   *
   * @throws AssertionError if it takes longer than the limit
   */
  public static Result runAlone(Duration limit, List<String> command) {
    try {
      return run(new ProcessBuilder(command).redirectErrorStream(true), limit);
    } catch (IOException e) {
      throw new AssertionError("does not start: " + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while it was running: " + command, e);
    }
  }

  private static Result run(ProcessBuilder builder, Duration limit)
      throws IOException, InterruptedException {
    builder.environment().put("UCX_ERROR_SIGNALS", ""); // UCX's handlers would crash the JVM
    builder.environment().put("RINGATTENTION_JAVA_OPTIONS", String.join(" ", compilerOptions()));
    Path output = Files.createTempFile("mpirun", ".log");
    builder.redirectOutput(output.toFile());
    long start = System.nanoTime();
    Process process = builder.start();
    boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    awaitMessages();
    String text = Files.readString(output, StandardCharsets.UTF_8);
    Files.delete(output);
    if (!ended) {
      throw new AssertionError(
          "no end after " + limit.toSeconds() + " s: " + builder.command() + "\n" + text);
    }
    return new Result(process.exitValue(), text, time);
  }

  /** When this JVM compiles with optimization: ranks that live for seconds wait for it as long. */
  private static List<String> compilerOptions() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("-XX:Tier4"))
        .toList();
  }

  /**
   * Waits for the filter of mpirun's messages, which may have lines to pass on when mpirun ends.
   */
  public static void awaitMessages() throws InterruptedException {
    String filter = Path.of("tools", "mpirun-errors.sed").toAbsolutePath().toString();
    List<ProcessHandle> filters =
        ProcessHandle.allProcesses()
            .filter(process -> process.info().commandLine().orElse("").contains(filter))
            .toList();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(FILTER_S);
    while (filters.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < end) {
      Thread.sleep(5);
    }
  }

  /** A value that set-up wrote down about the MPI it found. */
  private static String environment(String name) {
    Path file = Path.of("build", "mpi", "env");
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(name + "="))
          .map(line -> line.substring(name.length() + 1).replace("'", ""))
          .findFirst()
          .orElseThrow(() -> new AssertionError(file + " has no " + name + "; run make setup"));
    } catch (IOException e) {
      throw new AssertionError("no MPI: " + file + " is missing; run make setup", e);
    }
  }
}
