package ringattention.run;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import ringattention.cli.ExitCode;
import ringattention.cli.LogLevel;
import ringattention.input.Configuration;
import ringattention.report.Check;
import ringattention.report.CheckGroups;
import ringattention.report.EventLog;
import ringattention.report.OutputException;
import ringattention.report.RunFolder;
import ringattention.report.RunLock;
import ringattention.report.RunLog;
import ringattention.report.RunVerdict;
import ringattention.report.StepRecord;
import ringattention.report.Summary;
import ringattention.report.TensorBoard;
import ringattention.report.Timestamps;

/** Where a run's log, events and files go: rank 0 writes them, the other ranks are quiet. */
public final class RunOutput implements AutoCloseable {
  private static final String JOB = "SLURM_JOB_ID";
  private static final Consumer<String> NOWHERE = line -> {};

  private final Job job;
  private final Optional<RunFolder> folder;
  private final RunLog log;
  private final EventLog events;
  private final OutputConfig config;
  private final Instant opened = Instant.now();
  private int gpus; // that compute; 0: none, or not told

  private RunOutput(Job job, Optional<RunFolder> folder, OutputConfig config) {
    this.job = job;
    this.folder = folder;
    this.config = config;
    Consumer<String> console = job.root() ? job.console()::println : NOWHERE;
    RunLog whole = new RunLog(console, lines("run.log"));
    LogLevel level = job.line().logLevel();
    RunLog plain = whole.printing(level.prints(LogLevel.INFO), level.prints(LogLevel.WARN));
    this.log = job.line().command().isTable() ? plain.ofTable() : plain;
    this.events = new EventLog(lines("run.jsonl"));
  }

  /** With a folder, unless this is a dry run. Collective. */
  public static RunOutput of(Job job, Configuration configuration) {
    return job.line().dryRun() ? console(job) : create(job, configuration);
  }

  /** With a folder only if the command line names one. Collective. */
  public static RunOutput asked(Job job, Configuration configuration) {
    return job.line().output().isPresent() ? create(job, configuration) : console(job);
  }

  /** With a folder. Collective: if rank 0 cannot make it, every rank throws. */
  public static RunOutput create(Job job, Configuration configuration) {
    boolean named = job.line().output().isPresent() || job.environment().containsKey(JOB);
    return open(job, configuration, named ? RunFolder::create : RunFolder::createNew);
  }

  /**
   * With the folder of an earlier run, whose files go on from where they were at a step.
   * Collective.
   *
   * @param lock of it, on rank 0; the output's from now on
   */
  public static RunOutput resume(Job job, Configuration configuration, RunLock lock, long step) {
    return open(job, configuration, path -> RunFolder.resume(path, lock, step));
  }

  private static RunOutput open(
      Job job, Configuration configuration, Function<Path, RunFolder> opened) {
    String jobId = job.environment().get(JOB);
    Path path =
        job.line()
            .output()
            .orElseGet(
                () ->
                    Path.of("outputs")
                        .resolve(RunFolder.name(job.line().inputName(), jobId, Instant.now())));
    return job.agree(
        () -> {
          Optional<RunFolder> folder =
              job.root() ? Optional.of(opened.apply(path)) : Optional.empty();
          RunOutput output = new RunOutput(job, folder, configuration.get(OutputConfig.SECTION));
          output.log().rows(List.of("started " + Timestamps.text(output.opened)));
          output.write("used_inputs.toml", configuration.source().toml());
          return output;
        });
  }

  /** On the console only. */
  public static RunOutput console(Job job) {
    return new RunOutput(job, Optional.empty(), OutputConfig.NONE);
  }

  /** On rank 0, if there is a folder. */
  public Optional<Path> path() {
    return folder.map(RunFolder::path);
  }

  /** Returns the name of the run's folder and the number of ranks, for titles. */
  public String title() {
    int ranks = job.world().size();
    String name =
        path()
            .map(Path::toAbsolutePath)
            .map(Path::normalize)
            .map(Path::getFileName)
            .map(Path::toString)
            .orElse("");
    return name + ", " + ranks + (ranks == 1 ? " rank" : " ranks");
  }

  /** Says how many GPUs compute for this output, so that its end can say what they cost. */
  public void on(int gpusThatCompute) {
    this.gpus = gpusThatCompute;
  }

  public RunLog log() {
    return log;
  }

  public void event(String name, Map<String, ?> values) {
    events.write(name, values);
  }

  /** Takes lines for a file of the folder that grows. */
  public Consumer<String> lines(String file) {
    return folder.<Consumer<String>>map(made -> made.append(file)::line).orElse(NOWHERE);
  }

  /** Takes lines like {@link #lines(String)}, for a table with this first line. */
  public Consumer<String> table(String file, String heading) {
    return folder.<Consumer<String>>map(made -> made.append(file, heading)::line).orElse(NOWHERE);
  }

  /**
   * Starts the curves for TensorBoard on rank 0, if they are wanted.
   *
   * @param after the step that this part of the run goes on from; 0: it begins
   */
  public Optional<TensorBoard> tensorBoard(long after) {
    return config.tensorboard() ? folder.map(made -> made.tensorBoard(after)) : Optional.empty();
  }

  /** The steps of the runs that this one goes on from in the folder. Collective. */
  public List<StepRecord> stepsBefore() {
    List<String> own = folder.map(made -> made.before("steps.csv")).orElse(List.of());
    byte[] told = job.world().broadcast(String.join("\n", own).getBytes(StandardCharsets.UTF_8));
    List<String> lines = new String(told, StandardCharsets.UTF_8).lines().toList();
    return lines.stream()
        .skip(1)
        .map(line -> StepRecord.ofCsv(lines.get(0), line))
        .collect(Collectors.toCollection(ArrayList::new));
  }

  /** Where a file of the folder belongs, for all ranks. Collective; there must be a folder. */
  public Path shared(String file) {
    byte[] path =
        folder
            .map(made -> made.path().resolve(file).toAbsolutePath().toString())
            .map(text -> text.getBytes(StandardCharsets.UTF_8))
            .orElse(null);
    return Path.of(new String(job.world().broadcast(path), StandardCharsets.UTF_8));
  }

  public void write(String file, String text) {
    folder.ifPresent(made -> made.write(file, text));
  }

  public void write(String file, byte[] bytes) {
    folder.ifPresent(made -> made.write(file, bytes));
  }

  /**
   * Draws on rank 0 what is wanted. A machine that cannot draw leaves a note in the log.
   *
   * @param png makes the image
   */
  public void plot(String name, Supplier<byte[]> png) {
    try {
      draw(name, png);
    } catch (OutputException | OutOfMemoryError e) { // no plot is worth a verdict
      log.line("no plot of " + name + ": " + e.getMessage());
    }
  }

  /**
   * Draws like {@link #plot}, but throws where the machine cannot draw or the folder takes no more.
   *
   * @throws OutputException saying why
   */
  public void draw(String name, Supplier<byte[]> png) {
    if (draws()) {
      write("plots/" + name + ".png", png.get());
    }
  }

  /** Returns whether plots are drawn here: on rank 0, if there is a folder and they are wanted. */
  public boolean draws() {
    return folder.isPresent() && config.plots();
  }

  /**
   * Prints the checks and the verdict, writes the summary.
   *
   * @param result of a valid run, in the user's units
   * @param more further keys of the summary
   * @return the exit code
   */
  public int finish(
      List<Check> checks,
      String result,
      double finalLoss,
      double tokensPerSecond,
      Map<String, Object> more) {
    RunVerdict verdict = RunVerdict.of(checks, result);
    int exitCode = verdict.valid() ? ExitCode.VALID : ExitCode.CHECK_FAILED;
    checks(checks);
    end(verdict, exitCode, finalLoss, tokensPerSecond, checks, more);
    return exitCode;
  }

  /**
   * Prints checks of which there are many by group, the verdict, and writes the summary; returns
   * the exit code.
   */
  public int finishMany(List<Check> checks, String result) {
    RunVerdict verdict = RunVerdict.of(checks, result);
    int exitCode = verdict.valid() ? ExitCode.VALID : ExitCode.CHECK_FAILED;
    checks(checks, CheckGroups.lines(checks));
    end(verdict, exitCode, Double.NaN, Double.NaN, checks, Map.of());
    return exitCode;
  }

  /** Prints the checks and writes their file and events. */
  public void checks(List<Check> checks) {
    checks(checks, Check.lines(checks));
  }

  private void checks(List<Check> checks, List<String> lines) {
    log.section("Checks");
    log.rows(lines);
    checks.forEach(check -> event("check", check.fields()));
    write("checks.csv", Check.csv(checks, job.world().size()));
  }

  /** The last line of the log, and the files that say the same. */
  public void end(
      RunVerdict verdict,
      int exitCode,
      double finalLoss,
      double tokensPerSecond,
      List<Check> checks,
      Map<String, Object> more) {
    int ranks = job.world().size();
    Instant now = Instant.now();
    Map<String, Object> all = new LinkedHashMap<>(more);
    all.put("started", Timestamps.text(opened));
    all.put("ended", Timestamps.text(now));
    if (gpus > 0) {
      all.put("gpu_hours", Timestamps.gpuHours(opened, now, gpus));
    }
    Summary summary =
        new Summary(verdict, exitCode, finalLoss, tokensPerSecond, ranks, checks, all);
    write("summary.json", summary.json());
    Map<String, Object> end = new LinkedHashMap<>();
    end.put("verdict", verdict.word());
    end.put("verdict_text", verdict.text());
    end.put("exit_code", exitCode);
    event("end", end);
    folder.ifPresent(made -> log.rows(List.of(Timestamps.ended(opened, now, gpus))));
    folder.ifPresent(made -> log.line("files: " + made.path()));
    log.verdict(verdict.line());
  }

  @Override
  public void close() {
    folder.ifPresent(RunFolder::close);
  }
}
