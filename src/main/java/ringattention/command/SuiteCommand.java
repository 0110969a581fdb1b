package ringattention.command;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import ringattention.cli.ExitCode;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.evaluate.suite.SuiteConfig;
import ringattention.evaluate.suite.SuiteRun;
import ringattention.infer.GenerateConfig;
import ringattention.infer.Generation;
import ringattention.infer.InferencePlan;
import ringattention.infer.RingEngine;
import ringattention.input.Configuration;
import ringattention.plan.RotaryReport;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;

/** {@code evaluate} of an input with section {@code [suite]}: what a model finds in long texts. */
final class SuiteCommand {
  private final Job job;
  private final Configuration configuration;
  private final SuiteInput input;

  private SuiteCommand(Job job, SuiteInput input) {
    this.job = job;
    this.configuration = input.configuration();
    this.input = input;
  }

  /** Returns whether an input asks for this. */
  static boolean asks(Configuration configuration) {
    return configuration.has(SuiteConfig.SECTION);
  }

  /** Returns the exit code. Collective. */
  static int run(Job job, Configuration configuration) {
    try (StoredWeights weights = StoredWeights.open(job, configuration, "evaluate");
        SuiteInput input = SuiteInput.of(job, configuration);
        Equipment equipment = Equipment.open(job, configuration)) {
      return new SuiteCommand(job, input).run(equipment, weights);
    }
  }

  private int run(Equipment equipment, StoredWeights weights) {
    Device device = equipment.device();
    MemoryLimits limits = MemoryLimits.of(job, device, configuration.get(MemoryConfig.SECTION));
    GenerateConfig generate = configuration.get(GenerateConfig.SECTION);
    int ranks = job.world().size();
    InferencePlan plan =
        job.agree(
            () ->
                InferencePlan.of(
                    configuration, ranks, generate.batch(), input.need(), device, limits));
    try (RunOutput output = RunOutput.of(job, configuration)) {
      announce(equipment, plan, output);
      if (job.line().dryRun()) {
        return ExitCode.VALID;
      }
      int rank = job.world().rank();
      try (Arena arena = plan.arena(rank, device);
          Equipment ring = plan.ring(job, equipment);
          RingEngine engine = plan.engine(ring, device, arena, job.timer())) {
        weights.read(engine.weights(), output);
        Generation generation =
            new Generation(engine, input.words().tokenizer(), generate, input.words().ends());
        return new SuiteRun(job, input.cases(), output)
            .run(generation, plan.memory(rank, device), device);
      }
    }
  }

  private void announce(Equipment equipment, InferencePlan plan, RunOutput output) {
    var header = Header.of(job, equipment, plan.mesh(), Optional.empty());
    output.log().rows(header.lines());
    RotaryReport.print(configuration, plan.shape().model(), output.log());
    plan.print(equipment.device(), output.log());
    Map<String, Object> start = new LinkedHashMap<>(header.fields());
    start.put("parameters", plan.shape().model().parameters());
    start.put("cases", input.cases().cases().size());
    output.event("start", start);
  }
}
