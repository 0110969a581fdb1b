package ringattention.command;

import ringattention.cli.ExitCode;
import ringattention.evaluate.suite.SuiteConfig;
import ringattention.evaluate.suite.SuiteRun;
import ringattention.input.Configuration;
import ringattention.plan.RunRules;
import ringattention.run.Equipment;
import ringattention.run.Job;
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
    RunRules.requireTokens(configuration, "a suite of questions");
    try (StoredWeights weights = StoredWeights.open(job, configuration, "evaluate");
        SuiteInput input = SuiteInput.of(job, configuration);
        Equipment equipment = Equipment.open(job, configuration)) {
      return new SuiteCommand(job, input).run(equipment, weights);
    }
  }

  private int run(Equipment equipment, StoredWeights weights) {
    Answering answering = Answering.of(job, configuration, equipment, input.need());
    try (RunOutput output = RunOutput.of(job, configuration)) {
      answering.announce(output, "cases", input.cases().cases().size());
      if (job.line().dryRun()) {
        return ExitCode.VALID;
      }
      return answering.run(
          weights,
          output,
          input.words(),
          generation -> new SuiteRun(job, input.cases(), output).run(generation, answering::peak));
    }
  }
}
