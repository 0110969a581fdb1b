package ringattention.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Job;

/**
 * What decides about the last bits of a training run where its inputs leave it open: what it runs
 * on, and what was chosen for that. Which activations are kept and how messages travel is not among
 * it: they change no bit.
 */
public final class Choices {
  private static final String DEVICE = "device";
  private static final String SUMS = "sums";
  private static final String HEAD_GROUPS = "head groups";
  private static final String HEAD_RANKS = "ranks that exchange heads";
  private static final String TENSOR_RANKS = "tensor ranks";

  /** There were checkpoints before there was another number of ranks on these axes. */
  private static final String ALONE = "1";

  private static final List<String> AXES = List.of(HEAD_RANKS, TENSOR_RANKS);
  private static final String MICRO_BATCH = "micro-batch";

  private Choices() {}

  /** Returns values by name, the same on every rank. Collective. */
  public static Map<String, String> of(Job job, Equipment equipment, TrainingPlan plan) {
    Map<String, String> choices = new LinkedHashMap<>();
    String device = equipment.device().name() + ", " + equipment.device().numerics();
    Set<String> devices = new LinkedHashSet<>(job.gather(device));
    choices.put(DEVICE, String.join(" and ", devices));
    choices.put(SUMS, sums(job, equipment));
    choices.put(HEAD_GROUPS, Integer.toString(plan.setup().policy().headGroups()));
    choices.put(HEAD_RANKS, Integer.toString(plan.setup().mesh().heads()));
    choices.put(TENSOR_RANKS, Integer.toString(plan.setup().mesh().tensor()));
    choices.put(MICRO_BATCH, Integer.toString(plan.setup().batch()));
    return choices;
  }

  /** Returns what adds up gradients over ranks, and so decides in which order. */
  private static String sums(Job job, Equipment equipment) {
    return job.world().size() == 1
        ? "one rank"
        : equipment.description().getOrDefault("collectives", job.world().description());
  }

  /** Returns the head groups among such values; 0 if they are not there. */
  static int headGroups(Map<String, String> choices) {
    return Integer.parseInt(choices.getOrDefault(HEAD_GROUPS, "0"));
  }

  /** Returns the ranks that exchange heads among such values; 0 if there are none. */
  static int headRanks(Map<String, String> choices) {
    String unnamed = choices.isEmpty() ? "0" : ALONE;
    return Integer.parseInt(choices.getOrDefault(HEAD_RANKS, unnamed));
  }

  /**
   * Returns a line for the log if something is not as it was.
   *
   * @param before empty if nothing is known
   * @param sameRanks whether there are as many ranks as before; if not, sums differ anyway
   */
  static List<String> changed(
      Map<String, String> before, Map<String, String> now, boolean sameRanks) {
    List<String> changes = new ArrayList<>();
    Map<String, String> known = new LinkedHashMap<>(before);
    for (String axis : AXES) {
      if (now.containsKey(axis) && !before.isEmpty()) {
        known.putIfAbsent(axis, ALONE);
      }
    }
    known.forEach(
        (name, value) -> {
          String other = now.getOrDefault(name, "none");
          boolean ofRanks = name.equals(SUMS) || AXES.contains(name);
          if (!other.equals(value) && (sameRanks || !ofRanks)) {
            changes.add(name + " " + value + " -> " + other);
          }
        });
    return changes.isEmpty()
        ? List.of()
        : List.of(
            "WARNING: losses agree with those of an uninterrupted run to rounding only, not to the"
                + " bit: "
                + String.join(", ", changes));
  }
}
