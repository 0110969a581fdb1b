package ringattention.command;

import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.MemoryCount;
import ringattention.evaluate.rollout.RolloutSetup;
import ringattention.forecast.HardwarePlan;
import ringattention.infer.CacheNeed;
import ringattention.infer.GenerateConfig;
import ringattention.infer.InferencePlan;
import ringattention.input.Configuration;
import ringattention.metrics.DecodeRates;
import ringattention.metrics.Hardware;
import ringattention.plan.RotaryReport;
import ringattention.plan.RunRules;
import ringattention.plan.TrainConfig;
import ringattention.report.RunLog;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;

/**
 * {@code plan} of an input that generates and does not train: every buffer, and the longest prompt.
 * Requests are not read: the cache has the tokens of {@code infer.cache}, or as many as fit. The
 * cases of a suite are made, and the contexts of roll-outs are known, so that the plan is that of
 * the run.
 */
final class InferencePlanCommand {
  private InferencePlanCommand() {}

  /**
   * Returns whether an input is of this kind.
   *
   * @throws ringattention.input.InputException if it is, and its model is none that generates
   */
  static boolean plans(Configuration configuration) {
    boolean plans =
        configuration.has(GenerateConfig.SECTION) && !configuration.has(TrainConfig.SECTION);
    if (plans && !RolloutCommand.asks(configuration)) {
      RunRules.requireTokens(configuration, "generate");
    }
    return plans;
  }

  /** Plans for the devices of this job. Collective. */
  static void run(Job job, Configuration configuration) {
    try (Equipment equipment = Equipment.open(job, configuration)) {
      MemoryLimits limits =
          MemoryLimits.of(job, equipment.device(), configuration.get(MemoryConfig.SECTION));
      Device device = equipment.device();
      DecodeRates rates = DecodeRates.of(device.inHostMemory());
      print(job, configuration, job.world().size(), device, limits, rates);
    }
  }

  /** Plans for devices that are not here. Collective. */
  static void run(Job job, Configuration configuration, Hardware hardware) {
    int given = job.line().plan().ranks();
    int ranks = given == 0 ? job.world().size() : given;
    long cap = job.line().memoryCap().orElse(MemoryCount.UNCAPPED);
    DeviceTraits device = job.agree(() -> HardwarePlan.traits(hardware, configuration));
    MemoryConfig memory = configuration.get(MemoryConfig.SECTION);
    MemoryLimits limits = MemoryLimits.of(hardware, memory, ranks, cap);
    print(job, configuration, ranks, device, limits, DecodeRates.of(false));
  }

  private static void print(
      Job job,
      Configuration configuration,
      int ranks,
      DeviceTraits device,
      MemoryLimits limits,
      DecodeRates rates) {
    int batch = configuration.get(GenerateConfig.SECTION).batch();
    if (RolloutCommand.asks(configuration)) {
      RolloutSetup setup = job.agree(() -> RolloutSetup.of(configuration));
      print(job, configuration, setup.rows(), setup.need(), ranks, device, limits, rates);
    } else if (SuiteCommand.asks(configuration)) {
      try (SuiteInput input = SuiteInput.of(job, configuration)) {
        print(job, input.configuration(), batch, input.need(), ranks, device, limits, rates);
      }
    } else {
      print(job, configuration, batch, CacheNeed.UNKNOWN, ranks, device, limits, rates);
    }
  }

  private static void print(
      Job job,
      Configuration configuration,
      int rows,
      CacheNeed need,
      int ranks,
      DeviceTraits device,
      MemoryLimits limits,
      DecodeRates rates) {
    InferencePlan plan =
        job.agree(() -> InferencePlan.of(configuration, ranks, rows, need, device, limits, rates));
    RunLog log = RunOutput.console(job).log();
    RotaryReport.print(configuration, plan.shape().model(), log);
    plan.print(device, log);
  }
}
