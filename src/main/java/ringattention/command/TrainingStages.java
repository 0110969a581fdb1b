package ringattention.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntBiFunction;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.cli.ExitCode;
import ringattention.comm.Communicator;
import ringattention.data.Samples;
import ringattention.forecast.HeadsChoice;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.ModelConfig;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.report.RunLock;
import ringattention.report.RunLog;
import ringattention.report.RunVerdict;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.RunEnd;
import ringattention.run.RunOutput;

/**
 * Training in stages: each is a run of its own, in a folder of its own, that starts with the
 * weights the one before has left in its last checkpoint; moments, schedule and steps start anew.
 * What is done is not done again, so a run that was interrupted goes on in the stage it was in. All
 * methods are collective.
 */
final class TrainingStages {
  private final Job job;
  private final List<Configuration> stages;
  private final ToIntBiFunction<Job, Configuration> train;

  /**
   * @param stages as the input says
   * @param train does a run and returns its exit code
   */
  TrainingStages(Job job, List<Configuration> stages, ToIntBiFunction<Job, Configuration> train) {
    this.job = job;
    this.stages = stages;
    this.train = train;
  }

  /**
   * Returns the exit code: that of the first stage that is not valid.
   *
   * @throws InputException if any stage is no good, before the first begins
   */
  int run() {
    List<String> plans = plans();
    if (job.line().dryRun()) {
      return ExitCode.VALID;
    }
    try (RunOutput output = output()) {
      output.event(
          "start",
          Map.of(
              "command",
              "ringattention " + String.join(" ", job.line().arguments()),
              "stages",
              stages.size()));
      output.log().section("Stages");
      output.log().rows(plans);
      return run(output, output.shared(".").normalize());
    }
  }

  /** Plans every stage on the devices there are; a line for each. */
  private List<String> plans() {
    requireOneModel();
    RunLog log = RunOutput.console(job).log();
    List<String> lines = new ArrayList<>();
    for (Configuration stage : stages) {
      TrainingPlan plan =
          job.agree(
              () -> {
                Samples.requireFiles(stage);
                job.line().traced(stage.get(TrainConfig.SECTION).steps());
                return TrainingPlan.of(stage, job.world().size());
              });
      try (Equipment equipment = Equipment.open(job, stage)) {
        TrainingPlan fitted = HeadsChoice.of(job, equipment, plan, 0, 0).plan();
        fitted.requireRoom();
        lines.add(line(lines.size() + 1, fitted));
        if (job.line().dryRun()) {
          log.section("Stage " + lines.size() + " of " + stages.size());
          log.line(lines.get(lines.size() - 1));
          PlanReport.print(fitted, equipment.device(), log);
        }
      }
    }
    return lines;
  }

  /** The weights come from a folder once. */
  private void requireOneModel() {
    Optional<Path> first = stages.get(0).get(ModelConfig.SECTION).checkpoint();
    for (Configuration stage : stages) {
      if (!stage.get(ModelConfig.SECTION).checkpoint().equals(first)) {
        throw stage
            .source()
            .error("model.checkpoint", "must be the same in all stages: the first starts from it");
      }
      if (stage.get(CheckpointConfig.SECTION).resume().isPresent()) {
        throw stage
            .source()
            .error(
                "checkpoint.resume", "must not be given with stages; --resume goes on with them");
      }
    }
  }

  private static String line(int number, TrainingPlan plan) {
    TrainConfig train = plan.configuration().get(TrainConfig.SECTION);
    return String.format(
        Locale.ROOT,
        "stage %d: %d steps of %d x %d tokens, rope theta %s, learning rate %s; %s",
        number,
        train.steps(),
        train.batch(),
        train.sequence(),
        plain(plan.setup().model().ropeTheta()),
        plain(train.learningRate()),
        plan.memory().why());
  }

  private static String plain(double number) {
    return String.format(Locale.ROOT, "%.4g", number);
  }

  private RunOutput output() {
    Optional<RunLock> lock = job.agree(() -> TrainingInput.lock(job));
    Configuration last = stages.get(stages.size() - 1);
    boolean begun = job.world().allReduce(lock.isPresent() ? 1 : 0, Communicator.Operation.MAX) > 0;
    if (!begun) {
      return written(RunOutput.create(job, last));
    }
    job.agree(() -> requireStages(lock));
    return written(
        RunOutput.resume(job, last, lock.orElse(null), Long.MAX_VALUE, Optional.empty()));
  }

  /**
   * Demands a folder of stages that can be gone on with, before anything in it changes. On rank 0.
   */
  private Path requireStages(Optional<RunLock> lock) {
    Path folder = job.line().output().orElseThrow();
    try {
      if (lock.isPresent() && Files.exists(folder.resolve("steps.csv"))) {
        throw new InputException("--resume: " + folder + " holds a run without stages");
      }
      for (int stage = 1; lock.isPresent() && stage <= stages.size(); stage++) {
        new StageFolder(folder, stage).requireGoesOn(stages.get(stage - 1));
      }
      return folder;
    } catch (InputException e) {
      lock.ifPresent(RunLock::close);
      throw e;
    }
  }

  private RunOutput written(RunOutput output) {
    output.write("used_inputs.toml", Configuration.toml(stages));
    return output;
  }

  private int run(RunOutput output, Path folder) {
    List<Configuration> own = SharedInput.stages(job, stage -> further(folder, stage));
    for (int stage = 1; stage <= own.size(); stage++) {
      Configuration configuration = own.get(stage - 1);
      StageFolder of = new StageFolder(folder, stage);
      output.log().section("Stage " + stage + " of " + own.size() + ": " + of.path());
      if (all(() -> of.isDone(configuration))) {
        output.log().line("done before: " + of.verdict());
        continue;
      }
      boolean goesOn = all(of::hasBegun);
      int exitCode = train.applyAsInt(job.with(job.line().into(of.path(), goesOn)), configuration);
      output.event("stage", of.fields());
      if (exitCode != ExitCode.VALID) {
        return end(output, folder, exitCode, stage);
      }
    }
    return end(output, folder, ExitCode.VALID, own.size());
  }

  /** What rank 0 sees, on every rank: others may not see its folder yet. */
  private boolean all(BooleanSupplier seen) {
    boolean first = job.agree(() -> job.root() && seen.getAsBoolean());
    return job.world().allReduce(first ? 1 : 0, Communicator.Operation.MAX) > 0;
  }

  /** What makes a stage go on from the one before, and the next one from it. */
  private Map<String, Object> further(Path folder, int stage) {
    Map<String, Object> values = new LinkedHashMap<>();
    if (stage > 1) {
      Path before = new StageFolder(folder, stage - 1).path();
      values.put("checkpoint.weights", before.toString());
    }
    if (stage < stages.size()) {
      values.put("checkpoint.atEnd", true);
    }
    return values;
  }

  private int end(RunOutput output, Path folder, int exitCode, int last) {
    List<Map<String, Object>> done = new ArrayList<>();
    for (int stage = 1; stage <= last; stage++) {
      done.add(new StageFolder(folder, stage).fields());
    }
    String text =
        "stage " + last + " of " + stages.size() + ": " + done.get(last - 1).get("verdict_text");
    RunVerdict verdict =
        exitCode == ExitCode.STOPPED
            ? RunVerdict.stopped(text)
            : new RunVerdict(exitCode == ExitCode.VALID, text);
    double loss =
        done.get(last - 1).get("final_loss") instanceof Number number
            ? number.doubleValue()
            : Double.NaN;
    new RunEnd(output).end(verdict, exitCode, loss, Double.NaN, List.of(), Map.of("stages", done));
    return exitCode;
  }
}
