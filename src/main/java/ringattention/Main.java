package ringattention;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.LoggerFactory;
import ringattention.cli.CommandHelp;
import ringattention.cli.CommandLine;
import ringattention.cli.ErrorLine;
import ringattention.cli.ExitCode;
import ringattention.cli.LogLevel;
import ringattention.comm.CommunicationException;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.comm.World;
import ringattention.command.BenchCommand;
import ringattention.command.CollectCommand;
import ringattention.command.EvaluateCommand;
import ringattention.command.ExportCommand;
import ringattention.command.FolderCommands;
import ringattention.command.GenerateCommand;
import ringattention.command.GradientsCommand;
import ringattention.command.PlanCommand;
import ringattention.command.SharedInput;
import ringattention.command.ShowDataCommand;
import ringattention.command.TrainCommand;
import ringattention.command.ValidateCommand;
import ringattention.input.InputException;
import ringattention.metrics.PhaseTimer;
import ringattention.run.FailedRank;
import ringattention.run.GpuChoice;
import ringattention.run.Heartbeat;
import ringattention.run.Job;
import ringattention.run.Version;

/** The program: one rank of a job, from start to exit code. */
public final class Main {
  private static final String FILTER = "RINGATTENTION_STDERR_FILTER";
  private static final String LOGGERS = "org.slf4j.simpleLogger.defaultLogLevel";
  private static final PrintStream QUIET = new PrintStream(OutputStream.nullOutputStream());

  private final Map<String, String> environment;
  private final PrintStream console;
  private final PrintStream errors;
  private final PhaseTimer timer = new PhaseTimer(System::nanoTime);
  private TrainCommand training; // null with another command
  private Heartbeat heartbeat;

  Main(Map<String, String> environment, PrintStream console, PrintStream errors) {
    this.environment = environment;
    this.console = console;
    this.errors = errors;
  }

  /** Exits with the codes of {@link ExitCode}. */
  public static void main(String[] arguments) {
    LogLevel.asked(arguments)
        .ifPresent(level -> System.setProperty(LOGGERS, level.word())); // before any is made
    int exitCode = new Main(System.getenv(), System.out, System.err).run(arguments);
    String filter = System.getenv(FILTER);
    if (filter != null) {
      awaitFilter(Long.parseLong(filter));
    }
    System.exit(exitCode);
  }

  /**
   * Waits until the launcher's filter has passed on all of standard error, or the next prompt of a
   * shell would come before it. What children still hold open does not keep it long.
   */
  private static void awaitFilter(long process) {
    System.err.close();
    try {
      ProcessHandle.of(process).map(ProcessHandle::onExit).orElseThrow().get(1, TimeUnit.SECONDS);
    } catch (NoSuchElementException | ExecutionException | TimeoutException e) {
      return; // it is gone, or late
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs the command; returns the exit code instead of exiting. */
  int run(String... arguments) {
    if (CommandLine.readsFolders(arguments)) {
      return readFolders(arguments);
    }
    World world;
    Launch launch;
    GpuChoice gpu;
    try {
      launch = Launch.of(environment);
      gpu = GpuChoice.atStart(launch);
      world = World.open(launch);
    } catch (CommunicationException | IllegalArgumentException e) {
      errors.println("ringattention: " + ErrorLine.of(e.getMessage()));
      return ExitCode.BAD_INPUT;
    }
    return run(launch, gpu, world, arguments);
  }

  /**
   * Runs the command as one rank of ranks that are there already; returns the exit code.
   *
   * @throws CommunicationException if this rank failed and its world is of threads, so that the
   *     others end too
   */
  int run(Launch launch, GpuChoice gpu, World world, String... arguments) {
    int exitCode;
    heartbeat = new Heartbeat(world.communicator(), errors);
    try {
      exitCode = run(launch, gpu, world.communicator(), arguments);
    } catch (InputException e) { // the same on every rank
      if (world.communicator().rank() == 0) {
        errors.println("ringattention: " + ErrorLine.of(e.getMessage()));
      }
      exitCode = ExitCode.BAD_INPUT;
    } catch (Throwable e) { // this rank's own: the others must not wait for it
      long step = training == null ? 0 : training.step();
      new FailedRank(world.communicator(), launch, timer, errors).end(e, step);
      return ExitCode.ERROR;
    }
    world.finish();
    heartbeat.close(); // last: a host may be lost while ranks wait for each other to finish
    return exitCode;
  }

  private int readFolders(String... arguments) {
    try {
      return FolderCommands.run(CommandLine.parse(arguments), console);
    } catch (InputException e) {
      errors.println("ringattention: " + ErrorLine.of(e.getMessage()));
      return ExitCode.BAD_INPUT;
    } catch (RuntimeException e) {
      errors.println("ringattention: failed: " + ErrorLine.of(e.toString()));
      LoggerFactory.getLogger(Main.class).debug("thrown here", e);
      return ExitCode.ERROR;
    }
  }

  private int run(Launch launch, GpuChoice gpu, Communicator world, String... arguments) {
    CommandLine line = SharedInput.commandLine(world, arguments);
    Job job = new Job(line, launch, gpu, world, environment, console, errors, timer, heartbeat);
    return switch (line.command()) {
      case HELP -> show(job, CommandHelp.text(line.arguments()));
      case VERSION -> show(job, Version.read() + " (git " + Version.read().git() + ")");
      case PLAN -> PlanCommand.run(job);
      case STATUS, COMPARE -> FolderCommands.run(line, job.root() ? console : QUIET);
      case GRADIENTS -> GradientsCommand.run(job);
      case EXPORT -> ExportCommand.run(job);
      case SHOW_DATA -> ShowDataCommand.run(job);
      case COLLECT -> CollectCommand.run(job);
      case EVALUATE -> EvaluateCommand.run(job);
      case GENERATE -> GenerateCommand.run(job);
      case VALIDATE -> ValidateCommand.run(job);
      case BENCH_ATTENTION,
          BENCH_KERNELS,
          BENCH_DECODE,
          BENCH_PREFILL,
          BENCH_RING_EXCHANGE,
          BENCH_TRAINING,
          BENCH_CONTEXT,
          BENCH_MFU,
          BENCH_OVERLAP,
          BENCH_MEMORY,
          BENCH_SCALING ->
          BenchCommand.run(job);
      case TRAIN -> {
        training = new TrainCommand(job);
        yield training.run();
      }
    };
  }

  private int show(Job job, String text) {
    if (job.root()) {
      console.println(text.stripTrailing());
    }
    return ExitCode.VALID;
  }
}
