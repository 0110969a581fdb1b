package ringattention.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
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
 * the device cannot hold goes to the host. What room the device has left then takes results of
 * products, block by block from the last.
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
    List<ActivationPolicy> saved = saved(config, layers);
    Optional<ActivationPolicy> first = withRoom(config, heads, saved.get(0), limits, plan);
    if (first.isEmpty() && saved.size() > 1) { // fewer blocks need less: bisection, of up to 1024
      int tooMany = 0;
      int few = saved.size() - 1;
      first = withRoom(config, heads, saved.get(few), limits, plan);
      while (first.isPresent() && few - tooMany > 1) {
        int middle = (tooMany + few) / 2;
        Optional<ActivationPolicy> found = withRoom(config, heads, saved.get(middle), limits, plan);
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
          smallest(
              config, saved.get(saved.size() - 1).withHeadGroups(groups.get(groups.size() - 1)));
      return new PolicyChoice(smallest, false, text(smallest, plan, limits));
    }
    ActivationPolicy fastest = smallest(config, saved.get(0).withHeadGroups(groups.get(0)));
    boolean passed =
        first.get().savedAttention() != fastest.savedAttention()
            || first.get().headGroups() != fastest.headGroups();
    String why = passed ? "; passed over " + text(fastest, plan, limits) : "";
    return new PolicyChoice(first.get(), true, text(first.get(), plan, limits) + why);
  }

  /**
   * Fills the room that this choice leaves on the device with results of products, if the input
   * leaves open what is saved and does not ask for the host: first queries, keys and values of as
   * many blocks as have room, then what their feed-forwards need.
   *
   * @param largest bytes of a buffer that the device takes
   */
  PolicyChoice filled(
      MemoryConfig config,
      MemoryLimits limits,
      Function<ActivationPolicy, MemoryPlan> plan,
      long largest) {
    int layers = policy.layers();
    boolean open = config.saved() == SavedKind.AUTO && config.offload() != OffloadKind.HOST;
    if (!fits || !open || policy.savedAttention() < layers) {
      return this;
    }
    IntFunction<ActivationPolicy> kept =
        blocks -> policy.withProducts(Math.min(blocks, layers), Math.max(0, blocks - layers));
    int most = 0;
    int tooMany = 2 * layers + 1;
    while (tooMany - most > 1) {
      int middle = (most + tooMany) / 2;
      MemoryPlan needs = plan.apply(kept.apply(middle));
      if (fits(needs, limits)
          && needs.buffers().stream().allMatch(buffer -> buffer.bytes() <= largest)) {
        most = middle;
      } else {
        tooMany = middle;
      }
    }
    if (most == 0) {
      return this;
    }
    String passed =
        most == 2 * layers
            ? why.substring(text(policy, plan, limits).length()) // what was passed over before
            : "; passed over " + text(kept.apply(2 * layers), plan, limits);
    return new PolicyChoice(kept.apply(most), true, text(kept.apply(most), plan, limits) + passed);
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

  /** What needs the least of the device with such groups and saved tensors. */
  private static ActivationPolicy smallest(MemoryConfig config, ActivationPolicy onDevice) {
    return config.offload() == OffloadKind.NONE ? onDevice : onDevice.withOnHost(onDevice.saved());
  }

  /** The fastest policy that fits with such saved tensors. */
  private static Optional<ActivationPolicy> withRoom(
      MemoryConfig config,
      int heads,
      ActivationPolicy saved,
      MemoryLimits limits,
      Function<ActivationPolicy, MemoryPlan> plan) {
    for (int groups : groups(config, heads)) {
      ActivationPolicy onDevice = saved.withHeadGroups(groups);
      ActivationPolicy onHost = onDevice.withOnHost(onDevice.saved());
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

  /**
   * What may be kept, the fastest first, before there is room to fill: on the device, of all heads
   * at once.
   */
  private static List<ActivationPolicy> saved(MemoryConfig config, int layers) {
    ActivationPolicy attention = new ActivationPolicy(layers, 1, layers, 0);
    return switch (config.saved()) {
      case AUTO ->
          IntStream.rangeClosed(0, layers)
              .mapToObj(without -> new ActivationPolicy(layers, 1, layers - without, 0))
              .toList();
      case INPUTS -> List.of(ActivationPolicy.inputs(layers));
      case INPUTS_ATTENTION -> List.of(attention);
      case INPUTS_ATTENTION_QKV -> List.of(attention.withProducts(layers, 0));
      case EVERYTHING -> List.of(attention.withProducts(layers, layers));
    };
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
      if (plan.apply(all.withOnHost(middle)).bytes() <= limits.device()) {
        enough = middle;
      } else {
        tooFew = middle;
      }
    }
    return all.withOnHost(enough);
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
