package ringattention.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import ringattention.device.MemoryPlan;
import ringattention.model.ActivationPolicy;
import ringattention.report.Units;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.OffloadKind;
import ringattention.run.SavedKind;

/**
 * The fastest activation policy that fits. Computing attention again costs most, copies to the host
 * are hidden behind a block's work, and more head groups cost little: so as many blocks as possible
 * keep their attention output, then attention goes in the fewest groups that make room, and what
 * the device cannot hold goes to the host.
 *
 * @param policy what was chosen; the smallest there is if nothing fits
 * @param fits whether it does
 * @param why one line
 */
public record PolicyChoice(ActivationPolicy policy, boolean fits, String why) {
  /**
   * @param layers blocks of the model
   * @param heads that can be put into groups: the key/value heads, or 1 if attention takes all at
   *     once
   * @param plan what a policy needs on the fullest rank
   */
  static PolicyChoice of(
      MemoryConfig config,
      int layers,
      int heads,
      MemoryLimits limits,
      Function<ActivationPolicy, MemoryPlan> plan) {
    List<Integer> saved = savedAttention(config, layers);
    Optional<ActivationPolicy> first = withRoom(config, heads, saved.get(0), limits, plan, layers);
    if (first.isEmpty() && saved.size() > 1) { // fewer blocks need less: bisection, of up to 1024
      int tooMany = 0;
      int few = saved.size() - 1;
      first = withRoom(config, heads, saved.get(few), limits, plan, layers);
      while (first.isPresent() && few - tooMany > 1) {
        int middle = (tooMany + few) / 2;
        Optional<ActivationPolicy> found =
            withRoom(config, heads, saved.get(middle), limits, plan, layers);
        if (found.isPresent()) {
          first = found;
          few = middle;
        } else {
          tooMany = middle;
        }
      }
    }
    List<Integer> groups = groups(config, heads);
    if (first.isEmpty()) {
      ActivationPolicy smallest =
          smallest(config, layers, groups.get(groups.size() - 1), saved.get(saved.size() - 1));
      return new PolicyChoice(smallest, false, text(smallest, plan, limits));
    }
    ActivationPolicy fastest = smallest(config, layers, groups.get(0), saved.get(0));
    boolean passed =
        first.get().savedAttention() != saved.get(0) || first.get().headGroups() != groups.get(0);
    String why = passed ? "; passed over " + text(fastest, plan, limits) : "";
    return new PolicyChoice(first.get(), true, text(first.get(), plan, limits) + why);
  }

  /** The fewest head groups that fit where there is no backward, so that nothing is kept. */
  static PolicyChoice forwardOnly(
      MemoryConfig config,
      int layers,
      int heads,
      MemoryLimits limits,
      Function<ActivationPolicy, MemoryPlan> plan) {
    List<ActivationPolicy> policies =
        groups(config, heads).stream()
            .map(groups -> ActivationPolicy.forwardOnly(layers, groups))
            .toList();
    Optional<ActivationPolicy> first =
        policies.stream().filter(policy -> fits(plan.apply(policy), limits)).findFirst();
    ActivationPolicy chosen = first.orElse(policies.get(policies.size() - 1));
    return new PolicyChoice(chosen, first.isPresent(), text(chosen, plan, limits));
  }

  /** What needs the least of the device with so many groups and saved attention outputs. */
  private static ActivationPolicy smallest(MemoryConfig config, int layers, int groups, int saved) {
    ActivationPolicy onDevice = new ActivationPolicy(layers, groups, saved, 0);
    return config.offload() == OffloadKind.NONE ? onDevice : onHost(onDevice, onDevice.saved());
  }

  /** The fastest policy that fits with so many saved attention outputs. */
  private static Optional<ActivationPolicy> withRoom(
      MemoryConfig config,
      int heads,
      int saved,
      MemoryLimits limits,
      Function<ActivationPolicy, MemoryPlan> plan,
      int layers) {
    for (int groups : groups(config, heads)) {
      ActivationPolicy onDevice = new ActivationPolicy(layers, groups, saved, 0);
      ActivationPolicy onHost = onHost(onDevice, onDevice.saved());
      if (config.offload() != OffloadKind.HOST && fits(plan.apply(onDevice), limits)) {
        return Optional.of(onDevice);
      }
      if (config.offload() == OffloadKind.HOST && fits(plan.apply(onHost), limits)) {
        return Optional.of(onHost);
      }
      if (config.offload() == OffloadKind.AUTO && plan.apply(onHost).bytes() <= limits.device()) {
        ActivationPolicy least = leastOnHost(onHost, limits, plan);
        if (fits(plan.apply(least), limits)) {
          return Optional.of(least);
        }
      }
    }
    return Optional.empty();
  }

  /** Blocks that keep their attention output, the fastest first. */
  private static List<Integer> savedAttention(MemoryConfig config, int layers) {
    if (config.saved() != SavedKind.AUTO) {
      return List.of(config.saved() == SavedKind.INPUTS ? 0 : layers);
    }
    List<Integer> blocks = new ArrayList<>();
    for (int saved = layers; saved >= 0; saved--) {
      blocks.add(saved);
    }
    return blocks;
  }

  private static List<Integer> groups(MemoryConfig config, int heads) {
    if (config.headGroups() > 0) {
      return List.of(config.headGroups());
    }
    List<Integer> divisors = new ArrayList<>();
    for (int groups = 1; groups <= heads; groups++) {
      if (heads % groups == 0) {
        divisors.add(groups);
      }
    }
    return divisors;
  }

  private static boolean fits(MemoryPlan plan, MemoryLimits limits) {
    return limits.hold(plan);
  }

  /** The fewest tensors on the host with which the device has room, by bisection. */
  private static ActivationPolicy leastOnHost(
      ActivationPolicy all, MemoryLimits limits, Function<ActivationPolicy, MemoryPlan> plan) {
    int tooFew = 0;
    int enough = all.onHost();
    while (enough - tooFew > 1) {
      int middle = (tooFew + enough) / 2;
      if (plan.apply(onHost(all, middle)).bytes() <= limits.device()) {
        enough = middle;
      } else {
        tooFew = middle;
      }
    }
    return onHost(all, enough);
  }

  private static ActivationPolicy onHost(ActivationPolicy policy, int count) {
    return new ActivationPolicy(
        policy.layers(), policy.headGroups(), policy.savedAttention(), count);
  }

  private static String text(
      ActivationPolicy policy, Function<ActivationPolicy, MemoryPlan> plan, MemoryLimits limits) {
    MemoryPlan needs = plan.apply(policy);
    return String.format(
        Locale.ROOT,
        "saved %s, offload %s, %d head %s: %s of %s on the device, %s of %s on the host%s",
        policy.savedText(),
        policy.offloadText(),
        policy.headGroups(),
        policy.headGroups() == 1 ? "group" : "groups",
        Units.bytes(needs.bytes()),
        room(limits.device()),
        Units.bytes(needs.hostBytes()),
        room(limits.host()),
        limits.both() == Long.MAX_VALUE ? "" : ", " + Units.bytes(limits.both()) + " for both");
  }

  private static String room(long bytes) {
    return bytes == Long.MAX_VALUE ? "what there is" : Units.bytes(bytes);
  }
}
