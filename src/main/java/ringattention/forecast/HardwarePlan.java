package ringattention.forecast;

import java.util.Optional;
import ringattention.device.DType;
import ringattention.device.DeviceTraits;
import ringattention.device.MemoryCount;
import ringattention.device.MemoryPlan;
import ringattention.device.cuda.CudaTraits;
import ringattention.input.Configuration;
import ringattention.metrics.Hardware;
import ringattention.metrics.Mfu;
import ringattention.metrics.Rates;
import ringattention.metrics.StepTime;
import ringattention.plan.TrainingPlan;
import ringattention.run.DeviceConfig;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.Precision;

/**
 * A training run on hardware that is not there.
 *
 * @param plan with the policy that it would choose
 * @param device how a device of it is used
 * @param heads why so many ranks exchange heads; empty where the input has decided
 */
public record HardwarePlan(
    Hardware hardware, TrainingPlan plan, DeviceTraits device, Optional<String> heads) {
  /** Plans like the method below, without a cap. */
  public static HardwarePlan of(Hardware hardware, Configuration configuration, int ranks) {
    return of(hardware, configuration, ranks, MemoryCount.UNCAPPED);
  }

  /**
   * @param cap bytes that a device allocates at most
   * @throws ringattention.input.InputException if the input does not suit this many ranks, or the
   *     hardware
   */
  public static HardwarePlan of(
      Hardware hardware, Configuration configuration, int ranks, long cap) {
    DeviceTraits device = traits(hardware, configuration);
    MemoryLimits limits =
        MemoryLimits.of(hardware, configuration.get(MemoryConfig.SECTION), ranks, cap);
    HeadsChoice heads =
        HeadsChoice.of(
            TrainingPlan.of(configuration, ranks),
            device,
            limits,
            Optional.of(Rates.of(hardware)),
            0,
            0);
    return new HardwarePlan(hardware, heads.plan(), device, heads.why());
  }

  /**
   * Returns how a device of the hardware would be used.
   *
   * @throws ringattention.input.InputException if it does not have the input's precision
   */
  public static DeviceTraits traits(Hardware hardware, Configuration configuration) {
    DeviceConfig device = configuration.get(DeviceConfig.SECTION);
    boolean bf16 = device.precision() == Precision.BF16;
    double peak = bf16 ? hardware.bf16() : hardware.fp32();
    if (peak == 0) {
      throw configuration.source().error("device.precision", hardware + " has bf16 only");
    }
    return CudaTraits.planned(
        bf16 ? DType.BF16 : DType.F32, device.deterministic(), device.causalBlock(), peak);
  }

  /** Whether such a run would start. */
  public boolean fits() {
    return plan.memory().fits();
  }

  public int tokens() {
    return plan.setup().sequence();
  }

  public int ranks() {
    return plan.setup().mesh().world();
  }

  /** See {@link TrainingPlan#most}. */
  public MemoryPlan memory() {
    return plan.needs().most(device);
  }

  /** Empty where there are no rates for such a run. */
  public Optional<StepTime> time() {
    return PlannedStep.knows(plan, device)
        ? Optional.of(new PlannedStep(plan, device, Rates.of(hardware)).time())
        : Optional.empty();
  }

  /** Returns the utilization of a step of that time; empty where it is not counted. */
  public Optional<Mfu> mfu(StepTime time) {
    return plan.mfu(device, time.phases().wallS(), plan.wholeSquares());
  }
}
