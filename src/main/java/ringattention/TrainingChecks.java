package ringattention;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringattention.comm.Communicator;
import ringattention.config.AttentionKind;
import ringattention.config.Configuration;
import ringattention.device.Device;
import ringattention.metrics.Statistics;
import ringattention.model.ModelSetup;
import ringattention.report.Check;
import ringattention.report.StepRecord;
import ringattention.validate.AttentionChecks;
import ringattention.validate.AttentionProblem;

/** What must be true at the end of a training run. */
final class TrainingChecks {
  private final Job job;
  private final TrainingPlan plan;
  private final List<Check> checks = new ArrayList<>();
  private PeakMemory.Rank peak;

  TrainingChecks(Job job, TrainingPlan plan) {
    this.job = job;
    this.plan = plan;
  }

  /** In the order they were made; complete on rank 0 only. */
  List<Check> all() {
    return checks;
  }

  /** Of the rank that differs most. */
  long plannedBytes() {
    return peak.planned();
  }

  /** Of the same rank. */
  long measuredBytes() {
    return peak.measured();
  }

  /**
   * The peak the device counted, its own workspaces included, against the plan. Collective.
   *
   * @param trained whether there was a step that needed all of it
   */
  void memory(Device device, boolean trained) {
    PeakMemory memory = PeakMemory.of(job, plan, device);
    peak = memory.worst();
    checks.add(
        trained ? memory.check("memory") : Check.notChecked("memory", "no step was left to do"));
  }

  /** Checks that were made elsewhere. */
  void add(List<Check> more) {
    checks.addAll(more);
  }

  /** Learning makes the loss fall: the last tenth of the steps against the first. */
  void loss(List<StepRecord> records) {
    int tenth = records.size() / 10;
    if (tenth < 1) {
      checks.add(Check.notChecked("loss falls", "fewer than 10 steps"));
      return;
    }
    double first = mean(records.subList(0, tenth));
    double last = mean(records.subList(records.size() - tenth, records.size()));
    checks.add(
        Check.atMost(
            "loss falls",
            last / first,
            1,
            "mean of the last tenth of the steps / mean of the first tenth",
            Map.of("first tenth", first, "last tenth", last)));
  }

  private static double mean(List<StepRecord> records) {
    double[] losses =
        records.stream().mapToDouble(StepRecord::loss).filter(Double::isFinite).toArray();
    return losses.length == 0 ? Double.NaN : Statistics.of(losses).mean();
  }

  /**
   * One ring attention of the run's own shape, that of a group of heads, on random numbers, on a
   * device of its own, against vanilla attention in float64 at a sample of positions. Collective.
   */
  void attention(Configuration configuration, Equipment equipment) {
    ModelSetup setup = plan.setup();
    if (setup.attention() != AttentionKind.RING) {
      checks.add(Check.notChecked("ring attention", "attention.kind is not ring"));
      return;
    }
    int groups = setup.policy().headGroups();
    AttentionProblem problem =
        new AttentionProblem(
            setup.sequence(),
            setup.batch(),
            setup.model().heads() / groups,
            setup.model().keyValueHeads() / groups,
            setup.model().headSize(),
            setup.mask(),
            setup.layoutKind(),
            configuration.train().seed());
    int replica = setup.decomposition().replica(job.world().rank());
    Optional<Device> opened = another(equipment);
    double all = job.world().allReduce(opened.isPresent() ? 1 : 0, Communicator.Operation.MIN);
    try (Device device = opened.orElse(null);
        Communicator ring = equipment.world().split(replica)) {
      if (all == 0) {
        checks.add(Check.notChecked("ring attention", "no room for a second device"));
        return;
      }
      long room = MemoryLimits.of(job, device, configuration.memory()).device();
      List<Check> own = new AttentionChecks(ring, device, job.timer(), room).sampled(problem);
      checks.addAll(WorstChecks.of(job.world(), own));
    }
  }

  private static Optional<Device> another(Equipment equipment) {
    try {
      return Optional.of(equipment.another());
    } catch (OutOfMemoryError full) {
      return Optional.empty();
    }
  }
}
