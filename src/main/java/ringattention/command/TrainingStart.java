package ringattention.command;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.comm.Communicator;
import ringattention.data.Samples;
import ringattention.input.Configuration;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.report.FailedStart;
import ringattention.report.RunHeader;
import ringattention.report.RunLock;
import ringattention.run.Doing;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.RunOutput;

/**
 * How a training run begins: its folder and the first lines of its log are there before anything
 * large is read. A run that is refused leaves nothing of that. The folder of an earlier run is
 * locked at once and changed only when all that is read is known to suit it; until then lines for
 * its files wait. All methods are collective.
 */
final class TrainingStart implements AutoCloseable {
  private static final String PLAN = "plan.txt";

  private final Job job;
  private final Configuration configuration;
  private Optional<RunLock> lock; // of a folder to go on with, on rank 0; empty once it has it
  private final boolean goesOn; // with a folder, on every rank
  private RunOutput output;
  private boolean announced;

  private TrainingStart(Job job, Configuration configuration) {
    this.job = job;
    this.configuration = configuration;
    this.lock = job.agree(() -> lock());
    this.goesOn = job.world().allReduce(lock.isPresent() ? 1 : 0, Communicator.Operation.MAX) > 0;
    this.output = goesOn ? RunOutput.waiting(job) : RunOutput.of(job, configuration);
  }

  /** Leaves a folder in which nothing but another run's failed start is: it is made anew. */
  private Optional<RunLock> lock() {
    Optional<RunLock> taken = TrainingInput.lock(job);
    String inputs = configuration.source().toml();
    if (taken.isPresent() && FailedStart.isOfOther(job.line().output().orElseThrow(), inputs)) {
      taken.get().close();
      return Optional.empty();
    }
    return taken;
  }

  /**
   * Makes the folder, or locks the one to go on with, and writes the top of the header.
   *
   * @param configuration that is good as far as it can be known without reading what it names
   */
  static TrainingStart open(Job job, Configuration configuration) {
    TrainingStart start = new TrainingStart(job, configuration);
    RunHeader header = Header.withoutDevices(job);
    start.output.log().rows(header.top());
    Map<String, Object> begin = new LinkedHashMap<>(header.topFields());
    begin.put("directory", Path.of("").toAbsolutePath().toString());
    start.output.event("begin", begin);
    return start;
  }

  /** Reads what is learned and what the run starts with. */
  TrainingInput read(Supplier<Samples> source) {
    try (Doing reading = output.doing("reading the corpus and what the run starts with")) {
      return TrainingInput.read(job, configuration, source, output::progress);
    }
  }

  /** Opens the devices. */
  Equipment equipment() {
    try (Doing opening = output.doing("opening the devices")) {
      return Equipment.open(job, configuration);
    }
  }

  /** Returns what the plan is to be fitted in, for as long as that is done. */
  Doing planning() {
    return output.doing("planning the memory");
  }

  /** Takes the folder that the run goes on with back to where it goes on. */
  private void goOn(TrainingInput input) {
    long from = input.resumption().position().step();
    lock.ifPresent(held -> CheckpointSearch.abandonAfter(from, job.line().output().orElseThrow()));
    RunLock held = lock.orElse(null);
    lock = Optional.empty();
    output = RunOutput.resume(job, configuration, held, from, Optional.of(output));
  }

  /**
   * Says on what the run computes, and what it holds there; from here on it has a folder.
   *
   * @param choices see {@link ringattention.train.Choices}
   */
  RunOutput announce(
      Equipment equipment, TrainingPlan plan, TrainingInput input, Map<String, String> choices) {
    if (goesOn) {
      goOn(input);
    }
    announced = true;
    output.on(equipment.device().asynchronous() ? job.world().size() : 0);
    var header = Header.of(job, equipment, plan.setup().mesh(), Optional.of(plan.setup().layout()));
    output.log().rows(header.rest());
    if (job.line().dryRun()) {
      PlanReport.print(plan, equipment.device(), output.log());
    } else {
      PlanReport.printSums(plan, equipment.device(), output.log(), PLAN);
      output.write(PLAN, PlanReport.table(plan, equipment.device()));
    }
    if (!job.line().dryRun()) {
      StateFile.write(output, input.samples().statistics());
    }
    input.resumption().lines().forEach(output.log()::line);
    input.resumption().changed(choices).forEach(output.log()::line);
    Map<String, Object> start = new LinkedHashMap<>(header.fields());
    start.put("directory", Path.of("").toAbsolutePath().toString());
    start.put("seed", configuration.get(TrainConfig.SECTION).seed());
    start.put("parameters", plan.setup().model().parameters());
    if (input.samples().endless().isEmpty()) {
      start.put("corpus_documents", input.samples().documents());
      start.put("corpus_tokens", input.samples().tokens());
      start.put("skipped_records", input.samples().counts().skippedRecords());
    }
    start.put("resumed_step", input.resumption().position().step());
    output.event("start", start);
    return output;
  }

  /** Takes back what was written, if the run is refused before it was announced. */
  void refused() {
    if (!announced) {
      output.discard();
    }
  }

  @Override
  public void close() {
    output.close();
    lock.ifPresent(RunLock::close);
  }
}
