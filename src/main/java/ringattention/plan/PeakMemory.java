package ringattention.plan;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import ringattention.device.Device;
import ringattention.device.MemoryPlan;
import ringattention.metrics.Largest;
import ringattention.report.Check;
import ringattention.report.PeakBytes;
import ringattention.run.Job;

/**
 * Planned and measured peaks of the ranks.
 *
 * @param ranks all of them on rank 0, on every other rank itself alone
 */
public record PeakMemory(List<Rank> ranks) {
  private static final double TOLERANCE = 0.02;

  /** Through which weights that are read or saved go, for as long as that takes. */
  private static final long STAGING = 4 << 20;

  /**
   * Bytes of one rank.
   *
   * @param measured by the device's own counter, its workspaces included
   * @param plannedHost memory of the host that the device copies to and from
   */
  public record Rank(long planned, long measured, long plannedHost, long measuredHost) {
    public double difference() {
      boolean staged = plannedHost < measuredHost && measuredHost <= plannedHost + STAGING;
      double host = staged ? 0 : difference(plannedHost, measuredHost);
      return Largest.of(difference(planned, measured), host);
    }

    private static double difference(long planned, long measured) {
      return planned == 0 ? 0 : Math.abs((double) measured - planned) / planned;
    }
  }

  /** Returns the peaks of a run that has taken its steps. Collective. */
  public static PeakMemory of(Job job, TrainingPlan plan, Device device) {
    return of(job, plan.needs().of(job.world().rank(), device), device);
  }

  /**
   * Returns the peaks of what has been done on a device so far. Collective.
   *
   * @param planned of this rank
   */
  public static PeakMemory of(Job job, MemoryPlan planned, Device device) {
    double[] own = {
      planned.bytes(), device.peakBytes(), planned.hostBytes(), device.peakHostBytes()
    };
    List<double[]> gathered = job.world().gather(own);
    List<double[]> known = gathered.isEmpty() ? List.of(own) : gathered;
    return new PeakMemory(
        known.stream()
            .map(r -> new Rank((long) r[0], (long) r[1], (long) r[2], (long) r[3]))
            .toList());
  }

  /** The rank where plan and measurement differ most. */
  public Rank worst() {
    return ranks.stream().max(Comparator.comparingDouble(Rank::difference)).orElseThrow();
  }

  public Check check(String name) {
    Rank worst = worst();
    Map<String, Double> details = new LinkedHashMap<>();
    details.put("planned bytes", (double) worst.planned());
    details.put("measured peak bytes", (double) worst.measured());
    if (worst.plannedHost() > 0) {
      details.put("planned host bytes", (double) worst.plannedHost());
      details.put("measured peak host bytes", (double) worst.measuredHost());
    }
    return Check.atMost(
        name,
        worst.difference(),
        TOLERANCE,
        "max over ranks, device and host |measured - planned| / planned",
        details);
  }

  /** What the fullest ranks hold. */
  public PeakBytes largest() {
    return new PeakBytes(
        largest(Rank::planned),
        largest(Rank::measured),
        largest(Rank::plannedHost),
        largest(Rank::measuredHost));
  }

  private long largest(ToLongFunction<Rank> bytes) {
    return ranks.stream().mapToLong(bytes).max().orElseThrow();
  }
}
