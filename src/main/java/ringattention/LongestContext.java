package ringattention;

import java.util.Optional;
import ringattention.config.Configuration;
import ringattention.config.MemoryConfig;
import ringattention.config.OffloadKind;
import ringattention.config.SavedKind;
import ringattention.metrics.Hardware;

/**
 * The longest sequence that has room on hardware that is not there, in steps of {@value #STEP}
 * tokens a rank. As in the paper, blocks keep their inputs only, on the device, unless the input
 * says otherwise.
 *
 * @param tokens of the sequence; 0 if none has room
 * @param unlimited whether sequences longer than a program can count had room
 * @param plan of the longest
 */
record LongestContext(int tokens, boolean unlimited, Optional<HardwarePlan> plan) {
  private static final int STEP = 256;

  /**
   * @throws ringattention.config.InputException if the input does not suit this many ranks
   */
  static LongestContext of(Hardware hardware, Configuration configuration, int ranks) {
    int unit = STEP * configuration.ringSize(ranks);
    int fits = 0; // in units
    int tooMany = Integer.MAX_VALUE / unit + 1;
    Optional<HardwarePlan> longest = Optional.empty();
    int trial = 1;
    while (tooMany - fits > 1) {
      HardwarePlan plan =
          HardwarePlan.of(
              hardware, configuration.with(trial * unit, asPaper(configuration.memory())), ranks);
      if (plan.fits()) {
        fits = trial;
        longest = Optional.of(plan);
      } else {
        tooMany = trial;
      }
      trial = fits == 0 ? 1 : (int) Math.min(2L * fits, fits + (tooMany - fits + 1L) / 2);
    }
    return new LongestContext(fits * unit, fits == Integer.MAX_VALUE / unit, longest);
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
