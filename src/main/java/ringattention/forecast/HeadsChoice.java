package ringattention.forecast;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import ringattention.device.DeviceTraits;
import ringattention.input.Configuration;
import ringattention.metrics.Hardware;
import ringattention.metrics.Rates;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.ParallelConfig;
import ringattention.shard.Mesh;

/**
 * How many ranks exchange heads: as many as {@code parallel.heads} says, or, where it says 0, as
 * few as make the step of {@link PlannedStep} within 2% of the shortest: no less can be told apart.
 *
 * @param plan of the run with that number, fitted
 * @param why a line for the log; empty where the input has decided
 */
public record HeadsChoice(TrainingPlan plan, Optional<String> why) {
  private static final double TOLD_APART = 0.02; // a share

  /** A number that has room, in rising order. */
  private record Candidate(int heads, TrainingPlan plan, double seconds) {}

  /**
   * Chooses for the devices that are there. Collective.
   *
   * @param planned as it is without a choice
   * @param headsBefore what the run that this one goes on from had chosen, and is kept if it has
   *     room, for another number changes the last bits; 0: nothing
   * @param groupsBefore likewise its head groups
   */
  public static HeadsChoice of(
      Job job, Equipment equipment, TrainingPlan planned, int headsBefore, int groupsBefore) {
    Configuration configuration = planned.configuration();
    MemoryLimits limits =
        MemoryLimits.of(job, equipment.device(), configuration.get(MemoryConfig.SECTION));
    Optional<Rates> rates = isOpen(configuration) ? here(job, equipment) : Optional.empty();
    return of(planned, equipment.device(), limits, rates, headsBefore, groupsBefore);
  }

  static HeadsChoice of(
      TrainingPlan planned,
      DeviceTraits device,
      MemoryLimits limits,
      Optional<Rates> rates,
      int headsBefore,
      int groupsBefore) {
    if (!isOpen(planned.configuration())) {
      return new HeadsChoice(planned.fitted(device, limits, groupsBefore), Optional.empty());
    }
    List<Integer> numbers = numbers(planned);
    if (numbers.contains(headsBefore)) {
      TrainingPlan same = with(planned, headsBefore).fitted(device, limits, groupsBefore);
      if (same.memory().fits()) {
        return chosen(same, headsBefore, "as in the run before");
      }
    }
    TrainingPlan alone = with(planned, 1).fitted(device, limits, groupsBefore);
    if (numbers.size() == 1) {
      return chosen(alone, 1, "there is no other number that divides ranks and heads");
    }
    if (rates.isEmpty() || !PlannedStep.knows(alone, device)) {
      return chosen(alone, 1, "there is no forecast for such devices or such attention");
    }
    List<Candidate> candidates = new ArrayList<>();
    for (int heads : numbers) {
      TrainingPlan plan =
          heads == 1 ? alone : with(planned, heads).fitted(device, limits, groupsBefore);
      if (plan.memory().fits()) {
        double seconds = new PlannedStep(plan, device, rates.get()).time().phases().wallS();
        candidates.add(new Candidate(heads, plan, seconds));
      }
    }
    return candidates.isEmpty() ? chosen(alone, 1, "no number has room") : fastest(candidates);
  }

  private static HeadsChoice fastest(List<Candidate> candidates) {
    double shortest = candidates.stream().mapToDouble(Candidate::seconds).min().orElseThrow();
    Candidate best =
        candidates.stream()
            .filter(one -> one.seconds() <= shortest * (1 + TOLD_APART))
            .findFirst()
            .orElseThrow();
    String seconds =
        candidates.stream()
            .map(one -> String.format(Locale.ROOT, "%.3f s with %d", one.seconds(), one.heads()))
            .collect(Collectors.joining(", "));
    return chosen(best.plan(), best.heads(), "forecast of a step: " + seconds);
  }

  private static HeadsChoice chosen(TrainingPlan plan, int heads, String why) {
    return new HeadsChoice(plan, Optional.of("ranks that exchange heads: " + heads + "; " + why));
  }

  private static boolean isOpen(Configuration configuration) {
    return configuration.get(ParallelConfig.SECTION).heads() == 0;
  }

  /**
   * Returns what divides the ranks of a ring and the key/value heads, and suits memory.headGroups.
   */
  private static List<Integer> numbers(TrainingPlan planned) {
    Configuration configuration = planned.configuration();
    Mesh mesh = planned.setup().mesh();
    int sharing = mesh.sharing() / mesh.tensor();
    int keyValue = planned.setup().share().heads().keyValue();
    int groups = Math.max(1, configuration.get(MemoryConfig.SECTION).headGroups());
    ParallelConfig parallel = configuration.get(ParallelConfig.SECTION);
    List<Integer> numbers = new ArrayList<>();
    for (int heads = 1; heads <= Math.min(sharing, keyValue); heads++) {
      if (sharing % heads == 0 && keyValue % (parallel.parts(heads) * groups) == 0) {
        numbers.add(heads);
      }
    }
    return numbers;
  }

  private static TrainingPlan with(TrainingPlan planned, int heads) {
    Configuration configuration = planned.configuration();
    ParallelConfig parallel = configuration.get(ParallelConfig.SECTION);
    return TrainingPlan.of(
        configuration.with(ParallelConfig.SECTION, parallel.withHeads(heads)),
        planned.setup().mesh().world());
  }

  /**
   * Returns the rates of the ranks' devices; empty if they are not all of one known kind, or on
   * several hosts: rates are those of links within a host. Collective.
   */
  private static Optional<Rates> here(Job job, Equipment equipment) {
    Set<String> hosts = Set.copyOf(job.hosts());
    Set<String> models = Set.copyOf(job.gather(equipment.device().numerics()));
    return hosts.size() == 1 && models.size() == 1
        ? Hardware.ofGpu(models.iterator().next()).map(Rates::of)
        : Optional.empty();
  }
}
