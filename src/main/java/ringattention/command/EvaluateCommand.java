package ringattention.command;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import ringattention.checkpoint.Checkpoint;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.checkpoint.CheckpointSearch;
import ringattention.cli.ExitCode;
import ringattention.data.HeldOutSamples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.evaluate.Evaluation;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.UsedInputs;
import ringattention.model.ModelConfig;
import ringattention.model.Replica;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;
import ringattention.train.ResumeComparison;
import ringattention.train.Resumption;

/** {@code evaluate}: the loss of a model on a corpus, without gradients. */
public final class EvaluateCommand {
  private final Job job;
  private final Configuration configuration;
  private final ModelFolders folders;
  private final Optional<CheckpointSearch.Result> checkpoint; // empty: a model folder

  private EvaluateCommand(
      Job job,
      Configuration configuration,
      ModelFolders folders,
      Optional<CheckpointSearch.Result> checkpoint) {
    this.job = job;
    this.configuration = configuration;
    this.folders = folders;
    this.checkpoint = checkpoint;
  }

  /** Returns the exit code. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    TrainingPlan plan =
        job.agree(() -> TrainingPlan.ofEvaluation(configuration, job.world().size()));
    try (HeldOutSamples samples = SharedInput.heldOut(job, configuration);
        ModelFolders folders = SharedInput.folders(job, configuration)) {
      EvaluateCommand command =
          new EvaluateCommand(job, configuration, folders, checkpoint(job, configuration));
      try (Equipment equipment = Equipment.open(job, configuration)) {
        return command.run(equipment, plan, samples);
      }
    }
  }

  private int run(Equipment equipment, TrainingPlan planned, HeldOutSamples samples) {
    Device device = equipment.device();
    TrainingPlan plan =
        planned.fitted(
            device, MemoryLimits.of(job, device, configuration.get(MemoryConfig.SECTION)));
    plan.requireRoom();
    try (RunOutput output = RunOutput.of(job, configuration)) {
      announce(equipment, plan, samples, output);
      if (job.line().dryRun()) {
        return ExitCode.VALID;
      }
      try (Arena arena = plan.needs().arena(job.world().rank(), device)) {
        Replica replica = plan.replica(equipment, device, arena, job.timer());
        read(replica, output);
        return new Evaluation(job, plan, replica, samples).run(device, output);
      }
    }
  }

  /**
   * Finds the training checkpoint that the input names, every byte of it verified.
   *
   * @throws InputException on every rank if there are no weights to evaluate
   */
  private static Optional<CheckpointSearch.Result> checkpoint(
      Job job, Configuration configuration) {
    if (configuration.get(CheckpointConfig.SECTION).resume().isEmpty()) {
      if (configuration.get(ModelConfig.SECTION).checkpoint().isEmpty()) {
        throw configuration
            .source()
            .error(
                "checkpoint.resume",
                "must name a checkpoint, or model.checkpoint the folder of a model: there are no"
                    + " weights to evaluate");
      }
      return Optional.empty();
    }
    CheckpointSearch.Result found = Resumption.find(job, configuration);
    return job.agree(
        () -> {
          ResumeComparison.requireShape(configuration, found.checkpoint());
          return Optional.of(found);
        });
  }

  private void announce(
      Equipment equipment, TrainingPlan plan, HeldOutSamples samples, RunOutput output) {
    var header =
        Header.of(job, equipment, plan.setup().decomposition(), Optional.of(plan.setup().layout()));
    output.log().rows(header.lines());
    PlanReport.print(plan, equipment.device(), output.log());
    Map<String, Object> start = new LinkedHashMap<>(header.fields());
    start.put("parameters", plan.setup().model().parameters());
    start.put("corpus_documents", samples.documents());
    start.put("corpus_tokens", samples.tokens());
    output.event("start", start);
  }

  private void read(Replica replica, RunOutput output) {
    if (checkpoint.isEmpty()) {
      folders.read(replica.weights(), output);
      return;
    }
    List<String> passedOver = checkpoint.get().passedOver();
    replica.weights().clear();
    try (Checkpoint from = checkpoint.get().checkpoint()) {
      from.loadWeights(replica.weights(), job.world().rank(), job.world().size());
      output.log().section("Weights");
      passedOver.forEach(why -> output.log().line("WARNING: checkpoint passed over: " + why));
      others(from)
          .forEach(change -> output.log().line("WARNING: not as it was trained: " + change));
      output
          .log()
          .line(
              "read from "
                  + from.folder()
                  + ": step "
                  + from.position().step()
                  + ", written by "
                  + from.program());
    }
  }

  /** Returns what the input says of the model that is not as the checkpoint was trained. */
  private List<String> others(Checkpoint from) {
    UsedInputs now = UsedInputs.of(configuration.source().toml());
    return from
        .inputs()
        .changes(now, Set.of("model.checkpoint", "model.initStd", "model.shape"))
        .stream()
        .filter(
            change ->
                change.startsWith("model.")
                    || change.startsWith("data.tokenizer ")
                    || change.startsWith("data.firstPosition "))
        .toList();
  }
}
