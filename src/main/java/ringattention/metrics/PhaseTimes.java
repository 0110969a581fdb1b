package ringattention.metrics;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What one rank spent its time on, in seconds.
 *
 * @param wallS time from start to end
 * @param phases time by phase; a phase left out took none
 */
public record PhaseTimes(double wallS, Map<Phase, Double> phases) {
  public PhaseTimes {
    Map<Phase, Double> copy = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      copy.put(phase, phases.getOrDefault(phase, 0.0));
    }
    phases = Collections.unmodifiableMap(copy);
  }

  public double seconds(Phase phase) {
    return phases.get(phase);
  }

  /** Sum over the phases. */
  public double inPhases() {
    return phases.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /** Wall time, then every phase in order: how the times of a rank travel to another. */
  public double[] toArray() {
    double[] values = new double[1 + Phase.values().length];
    values[0] = wallS;
    phases.forEach((phase, seconds) -> values[1 + phase.ordinal()] = seconds);
    return values;
  }

  /** The opposite of {@link #toArray}. */
  public static PhaseTimes of(double[] values) {
    Map<Phase, Double> phases = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      phases.put(phase, values[1 + phase.ordinal()]);
    }
    return new PhaseTimes(values[0], phases);
  }
}
