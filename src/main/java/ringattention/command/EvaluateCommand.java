package ringattention.command;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import ringattention.cli.ExitCode;
import ringattention.data.HeldOutSamples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.evaluate.Evaluation;
import ringattention.input.Configuration;
import ringattention.model.Replica;
import ringattention.plan.PlanReport;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;

/**
 * {@code evaluate}: the loss of a model on a corpus, without gradients, a suite of questions, or
 * what a model of trajectories does in an environment.
 */
public final class EvaluateCommand {
  private final Job job;
  private final Configuration configuration;
  private final StoredWeights weights;

  private EvaluateCommand(Job job, Configuration configuration, StoredWeights weights) {
    this.job = job;
    this.configuration = configuration;
    this.weights = weights;
  }

  /** Returns the exit code. Collective. */
  public static int run(Job job) {
    Configuration configuration = SharedInput.configuration(job);
    if (SuiteCommand.asks(configuration)) {
      return SuiteCommand.run(job, configuration);
    }
    if (RolloutCommand.asks(configuration)) {
      return RolloutCommand.run(job, configuration);
    }
    TrainingPlan plan =
        job.agree(() -> TrainingPlan.ofEvaluation(configuration, job.world().size()));
    try (HeldOutSamples samples = SharedInput.heldOut(job, configuration);
        StoredWeights weights = StoredWeights.open(job, configuration, "evaluate")) {
      EvaluateCommand command = new EvaluateCommand(job, configuration, weights);
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
        return job.orAbort(
            () -> {
              Replica replica = plan.replica(equipment, device, arena, job.timer());
              weights.read(replica.weights(), output);
              Map<String, Object> compared = SimpleModel.tell(job, configuration, samples, output);
              return new Evaluation(job, plan, replica, samples, compared).run(device, output);
            });
      }
    }
  }

  private void announce(
      Equipment equipment, TrainingPlan plan, HeldOutSamples samples, RunOutput output) {
    var header = Header.of(job, equipment, plan.setup().mesh(), Optional.of(plan.setup().layout()));
    output.log().rows(header.lines());
    PlanReport.print(plan, equipment.device(), output.log());
    samples.counts().skippedLines().forEach(output.log()::line);
    Map<String, Object> start = new LinkedHashMap<>(header.fields());
    start.put("parameters", plan.setup().model().parameters());
    start.put("corpus_documents", samples.documents());
    start.put("corpus_tokens", samples.tokens());
    start.put("skipped_records", samples.counts().skippedRecords());
    output.event("start", start);
  }
}
