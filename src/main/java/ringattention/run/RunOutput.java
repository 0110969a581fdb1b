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
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import ringattention.cli.LogLevel;
import ringattention.input.Configuration;
import ringattention.report.EventLog;
import ringattention.report.RunFolder;
import ringattention.report.RunLock;
import ringattention.report.RunLog;
import ringattention.report.StepRecord;
import ringattention.report.Timestamps;

/** Where a run's log, events and files go: rank 0 writes them, the other ranks are quiet. */
public final class RunOutput implements AutoCloseable {
  private static final Consumer<String> NOWHERE = line -> {};
  private static final String LOG = "run.log";
  private static final String EVENTS = "run.jsonl";

  private final Job job;
  private final Optional<RunFolder> folder;
  private final RunLog log;
  private final EventLog events;
  private final OutputConfig config;
  private final ExtraFiles extra;
  private final Map<String, List<String>> kept = new LinkedHashMap<>(); // while it waits
  private final boolean waits; // for a folder
  private final Instant opened;
  private int gpus; // that compute; 0: none, or not told

  /**
   * @param waits whether lines for files wait for a folder
   * @param before whose lines have waited for this folder
   */
  private RunOutput(
      Job job,
      Optional<RunFolder> folder,
      OutputConfig config,
      boolean waits,
      Optional<RunOutput> before) {
    this.job = job;
    this.waits = waits;
    this.opened = before.map(waited -> waited.opened).orElseGet(Instant::now);
    this.folder = folder;
    this.config = config;
    this.extra = new ExtraFiles(folder);
    Consumer<String> console = job.root() ? job.console()::println : NOWHERE;
    boolean warns = job.line().logLevel().prints(LogLevel.WARN);
    Consumer<String> logFile = extra.lines(lines(LOG), warns ? console : NOWHERE);
    Consumer<String> eventFile = extra.lines(lines(EVENTS), warns ? console : NOWHERE);
    before.ifPresent(
        waited -> {
          waited.kept.getOrDefault(LOG, List.of()).forEach(logFile);
          waited.kept.getOrDefault(EVENTS, List.of()).forEach(eventFile);
        });
    RunLog whole = new RunLog(console, logFile);
    LogLevel level = job.line().logLevel();
    RunLog plain = whole.printing(level.prints(LogLevel.INFO), level.prints(LogLevel.WARN));
    this.log = job.line().command().isTable() ? plain.ofTable() : plain;
    this.events = new EventLog(eventFile);
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
    boolean own = FolderChoice.isOwn(job);
    return open(
        job, configuration, own ? RunFolder::createNew : RunFolder::create, Optional.empty());
  }

  /**
   * With the folder of an earlier run, whose files go on from where they were at a step.
   * Collective.
   *
   * @param lock of it, on rank 0; the output's from now on
   * @param waiting whose lines have waited for it, see {@link #waiting}
   */
  public static RunOutput resume(
      Job job, Configuration configuration, RunLock lock, long step, Optional<RunOutput> waiting) {
    return open(job, configuration, path -> RunFolder.resume(path, lock, step), waiting);
  }

  /**
   * On the console, while it is not known whether the run goes on with a folder; lines for the log
   * and events are kept for it.
   */
  public static RunOutput waiting(Job job) {
    RunOutput output =
        new RunOutput(job, Optional.empty(), OutputConfig.NONE, true, Optional.empty());
    output.begin();
    return output;
  }

  private void begin() {
    log.rows(List.of("started " + Timestamps.text(opened)));
  }

  private static RunOutput open(
      Job job,
      Configuration configuration,
      Function<Path, RunFolder> opened,
      Optional<RunOutput> waiting) {
    Path path = FolderChoice.of(job);
    return job.agree(
        () -> {
          Optional<RunFolder> folder =
              job.root() ? Optional.of(opened.apply(path)) : Optional.empty();
          OutputConfig config = configuration.get(OutputConfig.SECTION);
          RunOutput output = new RunOutput(job, folder, config, false, waiting);
          if (waiting.isEmpty()) {
            output.begin();
          }
          output.write("used_inputs.toml", configuration.source().toml());
          return output;
        });
  }

  /** On the console only. */
  public static RunOutput console(Job job) {
    return new RunOutput(job, Optional.empty(), OutputConfig.NONE, false, Optional.empty());
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
            .map(own -> own.toAbsolutePath().normalize().getFileName())
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

  /**
   * Writes down what the run does now, for {@code status}, and says it in the log where it takes
   * long.
   *
   * @param what such as {@code setting the weights}
   */
  public Doing doing(String what) {
    phase(what);
    return new Doing(log, what, Doing.PATIENCE_S);
  }

  /** Takes a line that says how far the run is with what it does. */
  public void progress(String line) {
    phase(line);
    log.line(line);
  }

  private void phase(String what) {
    event("phase", Map.of("phase", what));
  }

  /** Takes lines for a file of the folder that grows. */
  public Consumer<String> lines(String file) {
    if (waits && job.root()) {
      return kept.computeIfAbsent(file, none -> new ArrayList<>())::add;
    }
    return folder.<Consumer<String>>map(made -> made.append(file)::line).orElse(NOWHERE);
  }

  /** Takes lines like {@link #lines(String)}, for a table with this first line. */
  public Consumer<String> table(String file, String heading) {
    return folder.<Consumer<String>>map(made -> made.append(file, heading)::line).orElse(NOWHERE);
  }

  /**
   * Starts the curves for TensorBoard on rank 0, if they are wanted. They take a step and the peak
   * bytes of its device; where they cannot be written they end, with a warning.
   *
   * @param after the step that this part of the run goes on from; 0: it begins
   */
  public ObjLongConsumer<StepRecord> curves(long after) {
    return config.tensorboard() ? extra.curves(after, log::line) : (record, peak) -> {};
  }

  /** The steps of the runs that this one goes on from in the folder. Collective. */
  public List<StepRecord> stepsBefore() {
    List<String> own = folder.map(made -> made.before("steps.csv")).orElse(List.of());
    byte[] told = job.world().broadcast(String.join("\n", own).getBytes(StandardCharsets.UTF_8));
    return StepRecord.ofCsv(new String(told, StandardCharsets.UTF_8).lines().toList());
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

  /** Writes a file that is no part of the result; returns whether it could, or said why not. */
  boolean writeExtra(String file, String text) {
    return extra.write(file, text, log::line);
  }

  /** Draws on rank 0 what is wanted, once the result is written; what cannot be is a warning. */
  public void plot(String name, Supplier<byte[]> png) {
    if (draws()) {
      extra.plot(name, png);
    }
  }

  /** Draws at once, or throws where the machine cannot draw or the folder takes no more. */
  public void draw(String name, Supplier<byte[]> png) {
    if (draws()) {
      extra.draw(name, png);
    }
  }

  /** Takes note that the result is written, and writes what has waited for it. */
  void resultIsWritten() {
    extra.finish(log::line);
  }

  /** Returns whether plots are drawn here: on rank 0, if there is a folder and they are wanted. */
  public boolean draws() {
    return folder.isPresent() && config.plots();
  }

  /** Returns what the summary says of the time until the end. */
  Map<String, Object> ended(Instant now) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("started", Timestamps.text(opened));
    all.put("ended", Timestamps.text(now));
    if (gpus > 0) {
      all.put("gpu_hours", Timestamps.gpuHours(opened, now, gpus));
    }
    return all;
  }

  /** Says when the run ended and where its files are, if it has any. */
  void sayEnded(Instant now) {
    folder.ifPresent(made -> log.rows(List.of(Timestamps.ended(opened, now, gpus))));
    folder.ifPresent(made -> log.line("files: " + made.path()));
  }

  int ranks() {
    return job.world().size();
  }

  /** Removes what was written, and the folder if it was made for it: the run is refused. */
  public void discard() {
    folder.ifPresent(RunFolder::discard);
  }

  @Override
  public void close() {
    folder.ifPresent(RunFolder::close);
  }
}
