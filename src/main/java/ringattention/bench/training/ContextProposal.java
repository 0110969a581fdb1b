package ringattention.bench.training;

import java.util.OptionalInt;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.input.Configuration;
import ringattention.model.Architecture;
import ringattention.plan.LongestContext;
import ringattention.plan.TrainingPlan;
import ringattention.plan.Variants;
import ringattention.run.MemoryLimits;

/**
 * The longest shard that has room by the plan.
 *
 * @param tokens of a rank; 0 if not even one multiple fits
 * @param plan of it, of one multiple if none fits
 * @param longer the plan of a shard a little longer, which does not fit
 */
public record ContextProposal(
    Architecture architecture, int tokens, TrainingPlan plan, TrainingPlan longer) {
  /** The same on every rank whose limits are the same. */
  public static ContextProposal of(
      Configuration configuration,
      Architecture architecture,
      int ranks,
      DeviceTraits device,
      MemoryLimits limits) {
    BenchContextConfig bench = configuration.get(BenchContextConfig.SECTION);
    int multiple = bench.multiple();
    int beyond = multiple * bench.beyond();
    LongestContext longest = new LongestContext(multiple, Integer.MAX_VALUE / ranks - beyond);
    int tokens =
        longest.search(
            length ->
                plan(configuration, architecture, length, ranks, device, limits).memory().fits());
    return new ContextProposal(
        architecture,
        tokens,
        plan(configuration, architecture, Math.max(tokens, multiple), ranks, device, limits),
        plan(configuration, architecture, tokens + beyond, ranks, device, limits));
  }

  private static TrainingPlan plan(
      Configuration configuration,
      Architecture architecture,
      int tokens,
      int ranks,
      DeviceTraits device,
      MemoryLimits limits) {
    return TrainingPlan.of(Variants.of(configuration, architecture, tokens, 1, ranks), ranks)
        .fitted(device, limits);
  }

  TrainingRow row() {
    return new TrainingRow(name(), plan);
  }

  /** For checks and the log, for example {@code 7B, ring}. */
  public String name() {
    return plan.setup().model().name() + ", " + architecture;
  }

  /**
   * @param device of any rank
   * @param blockwise tokens of a rank with blockwise attention and feed-forward
   */
  public ContextTable.Row row(
      ContextTable.Proof proof, Device device, long memoryCap, OptionalInt blockwise) {
    String model = device.description().split(",", 2)[0];
    return new ContextTable.Row(
        plan.setup().model().name(),
        plan.setup().model().layers(),
        device.compute(),
        architecture,
        plan.setup().mesh().world(),
        device.asynchronous() ? model : device.name(),
        memoryCap,
        tokens,
        blockwise,
        plan.setup().policy().headGroups(),
        plan.needs().most(device).bytes(),
        proof);
  }
}
