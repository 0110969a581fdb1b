package ringattention.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringattention.comm.Communicator;
import ringattention.device.Device;
import ringattention.input.Configuration;
import ringattention.model.AttentionKind;
import ringattention.model.ModelSetup;
import ringattention.plan.PeakMemory;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.report.Check;
import ringattention.report.StepRecord;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.validate.AttentionChecks;
import ringattention.validate.AttentionProblem;

/** What must be true at the end of a training run. */
public final class TrainingChecks {
  private static final String LOSS_FALLS = "loss falls";

  private final Job job;
  private final TrainingPlan plan;
  private final List<Check> checks = new ArrayList<>();
  private PeakMemory.Rank peak;

  public TrainingChecks(Job job, TrainingPlan plan) {
    this.job = job;
    this.plan = plan;
  }

  /** In the order they were made; complete on rank 0 only. */
  public List<Check> all() {
    return checks;
  }

  /** Returns the planned bytes of the rank that differs most. */
  public long plannedBytes() {
    return peak.planned();
  }

  /** Returns the measured bytes of the same rank. */
  public long measuredBytes() {
    return peak.measured();
  }

  /**
   * The peak the device counted, its own workspaces included, against the plan. Collective.
   *
   * @param trained whether there was a step that needed all of it
   */
  public void memory(Device device, boolean trained) {
    PeakMemory memory = PeakMemory.of(job, plan, device);
    peak = memory.worst();
    checks.add(
        trained ? memory.check("memory") : Check.notChecked("memory", "no step was left to do"));
  }

  /** Checks that were made elsewhere. */
  public void add(List<Check> more) {
    checks.addAll(more);
  }

  /**
   * Learning makes the loss fall, and chance alone does not make it rise by much.
   *
   * @param random whether the first of the records began with random weights
   */
  public void loss(List<StepRecord> records, boolean random) {
    double[] losses =
        records.stream().mapToDouble(StepRecord::loss).filter(Double::isFinite).toArray();
    if (!random) {
      checks.add(Check.notChecked(LOSS_FALLS, "training did not begin with random weights"));
      return;
    }
    if (losses.length < LossTrend.FEWEST) {
      String few = "fewer than " + LossTrend.FEWEST + " steps have a loss";
      checks.add(Check.notChecked(LOSS_FALLS, few));
      return;
    }
    LossTrend trend = LossTrend.of(losses);
    checks.add(
        Check.atMost(
            LOSS_FALLS,
            trend.rise(),
            1,
            "(mean loss of the last tenth of the steps - that of the first tenth) / the lesser of"
                + " 5 standard errors of that difference and a tenth of the first",
            Map.of(
                "first tenth", trend.first(),
                "last tenth", trend.last(),
                "standard error", trend.standardError())));
  }

  /**
   * There is a final loss, it is that of the last step that had one to give, and the last gate of
   * the curriculum is passed, if there is one.
   */
  public void result(TrainingLoop loop) {
    checks.add(
        Check.atMost(
            "last step is finite",
            loop.history().lastSkipped() ? 1 : 0,
            0,
            "1 if the last step with labels was skipped: its loss or gradient is not finite",
            Map.of()));
    checks.add(
        Check.atMost(
            "a step has a loss",
            Double.isNaN(loop.history().lastLoss()) ? 1 : 0,
            0,
            "1 if no step is known that had a label to learn",
            Map.of("steps without labels", (double) loop.history().unlabelled())));
    loop.curriculum().check().ifPresent(checks::add);
  }

  /**
   * One ring attention of the run's own shape, that of a call, on random numbers, on a device of
   * its own, against vanilla attention in float64 at a sample of positions. Collective.
   */
  public void attention(Configuration configuration, Equipment equipment) {
    ModelSetup setup = plan.setup();
    if (setup.attention() != AttentionKind.RING) {
      checks.add(Check.notChecked("ring attention", "attention.kind is not ring"));
      return;
    }
    AttentionProblem problem =
        new AttentionProblem(
                setup.sequence(),
                setup.attentionShape(0).batch(),
                setup.model().heads().divided(setup.policy().headGroups()),
                setup.mask(),
                setup.layoutKind(),
                configuration.get(TrainConfig.SECTION).seed())
            .exchanged(setup.mesh().heads(), setup.mesh().chunks());
    int replica = setup.mesh().dataRank(job.world().rank());
    Optional<Device> opened = another(equipment);
    double all = job.world().allReduce(opened.isPresent() ? 1 : 0, Communicator.Operation.MIN);
    try (Device device = opened.orElse(null);
        Communicator ring = equipment.world().split(replica)) {
      if (all == 0) {
        checks.add(Check.notChecked("ring attention", "no room for a second device"));
        return;
      }
      long room = MemoryLimits.of(job, device, configuration.get(MemoryConfig.SECTION)).device();
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
