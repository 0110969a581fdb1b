package ringattention.forecast;

import java.util.Optional;
import java.util.function.IntFunction;
import ringattention.device.MemoryCount;
import ringattention.input.Configuration;
import ringattention.metrics.Hardware;
import ringattention.model.ModelConfig;
import ringattention.plan.LongestContext;
import ringattention.plan.MeshRules;
import ringattention.plan.Variants;
import ringattention.run.MemoryConfig;
import ringattention.run.OffloadKind;
import ringattention.run.SavedKind;

/**
 * The longest sequence that has room on hardware that is not there, in steps of {@value #STEP}
 * tokens a rank, and is no longer than the model's window. As in the paper, blocks keep their
 * inputs only, on the device, unless the input says otherwise.
 *
 * @param tokens of the sequence; 0 if none has room
 * @param unlimited whether sequences longer than a program can count had room
 * @param plan of the longest
 */
public record LongestPlan(int tokens, boolean unlimited, Optional<HardwarePlan> plan) {
  private static final int STEP = 256;

  /** Searches like the method below, without a cap. */
  public static LongestPlan of(Hardware hardware, Configuration configuration, int ranks) {
    return of(hardware, configuration, ranks, MemoryCount.UNCAPPED);
  }

  /**
   * @param cap bytes that a device allocates at most
   * @throws ringattention.input.InputException if the input does not suit this many ranks
   */
  public static LongestPlan of(
      Hardware hardware, Configuration configuration, int ranks, long cap) {
    int unit = STEP * MeshRules.ringSize(configuration, ranks);
    int window = configuration.get(ModelConfig.SECTION).details().slidingWindow();
    LongestContext lengths = new LongestContext(unit, window == 0 ? Integer.MAX_VALUE : window);
    IntFunction<HardwarePlan> plan =
        tokens ->
            HardwarePlan.of(
                hardware,
                Variants.of(
                    configuration, tokens, asPaper(configuration.get(MemoryConfig.SECTION))),
                ranks,
                cap);
    int tokens = lengths.search(length -> plan.apply(length).fits());
    return new LongestPlan(
        tokens,
        tokens == Integer.MAX_VALUE / unit * unit,
        tokens == 0 ? Optional.empty() : Optional.of(plan.apply(tokens)));
  }

  /** Whether no longer one was tried, for the model has a window. */
  public boolean fillsWindow() {
    return plan.map(found -> found.plan().setup().model().details())
        .filter(details -> !details.holds(tokens + 1L))
        .isPresent();
  }

  /** Returns the groups that attention goes in; 0 if no sequence has room. */
  public int headGroups() {
    return plan.map(found -> found.plan().setup().policy().headGroups()).orElse(0);
  }

  private static MemoryConfig asPaper(MemoryConfig memory) {
    return new MemoryConfig(
        memory.saved() == SavedKind.AUTO ? SavedKind.INPUTS : memory.saved(),
        memory.offload() == OffloadKind.AUTO ? OffloadKind.NONE : memory.offload(),
        memory.headGroups(),
        memory.deviceGiB(),
        memory.hostGiB());
  }
}
