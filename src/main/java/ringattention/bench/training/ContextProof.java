package ringattention.bench.training;

import java.util.List;
import java.util.Map;
import ringattention.bench.RowChecks;
import ringattention.comm.Communicator;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.model.ModelBuffers;
import ringattention.plan.TrainingPlan;
import ringattention.report.Check;
import ringattention.report.RunLog;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.train.DivergedException;

/**
 * Trains what a plan proposes, on devices that hold no more than the cap, and tries to allocate
 * what is a little longer. All calls are collective.
 */
public final class ContextProof {
  private final Job job;
  private final Equipment equipment;
  private final long memoryCap;

  /**
   * @param memoryCap bytes a rank's device holds at most
   */
  public ContextProof(Job job, Equipment equipment, long memoryCap) {
    this.job = job;
    this.equipment = equipment;
    this.memoryCap = memoryCap;
  }

  /**
   * Takes steps of the proposed length.
   *
   * @param checks gets that it trains, in the planned bytes, and that a longer one has no room
   */
  public ContextTable.Proof of(
      ContextProposal proposal, Samples samples, RunLog log, List<Check> checks) {
    ContextTable.Proof proof = ContextTable.Proof.NONE;
    int refusing = proposal.tokens() == 0 ? job.world().size() : refusing(proposal.plan());
    if (refusing == 0) {
      proof = train(proposal, samples, log, checks);
    }
    checks.add(
        Check.atMost(
            "trains, " + proposal.name(),
            proof.trained() ? 0 : 1,
            0,
            "1 if no step of the planned length was taken",
            Map.of("ranks without room", (double) refusing)));
    int refusingMore = refusing(proposal.longer());
    checks.add(
        Check.atMost(
            "no longer, " + proposal.name(),
            refusingMore == 0 ? 1 : 0,
            0,
            "1 if benchContext.beyond multiples more a rank have room, too",
            Map.of("tokens", (double) proposal.longer().setup().sequence())));
    log.line(
        proposal.longer().setup().sequence()
            + " tokens: "
            + refusingMore
            + " of "
            + job.world().size()
            + " ranks have no room");
    return proof;
  }

  private ContextTable.Proof train(
      ContextProposal proposal, Samples samples, RunLog log, List<Check> checks) {
    TrainingPlan plan = proposal.plan();
    try {
      TrainingMeasurement.Steps steps =
          new TrainingMeasurement(job, equipment, plan, samples)
              .steps(
                  () -> equipment.another(memoryCap),
                  0,
                  plan.configuration().get(BenchContextConfig.SECTION).steps());
      double loss = steps.last().loss();
      checks.add(steps.memory().check("memory, " + proposal.name()));
      checks.add(RowChecks.loss(proposal.name(), loss, plan.setup().model().vocabulary()));
      double[] seconds = steps.seconds();
      return new ContextTable.Proof(
          true, steps.memory().largest().peak(), seconds[seconds.length - 1], loss);
    } catch (DivergedException e) {
      log.line(proposal.name() + ": " + e.getMessage());
      return ContextTable.Proof.NONE;
    }
  }

  /** Ranks on which a step's buffers cannot be allocated within the cap. */
  private int refusing(TrainingPlan plan) {
    int rank = job.world().rank();
    int full = 0;
    try (Device device = equipment.another(memoryCap);
        Arena arena = plan.arena(rank, device)) {
      ModelBuffers.allocate(arena, plan.setup(), rank, device.compute(), device.sum());
      long later = plan.memory(rank, device).bytes() - device.allocatedBytes();
      device.allocate(Math.max(0, later)).close(); // workspaces that grow with use
    } catch (OutOfMemoryError noRoom) {
      full = 1;
    }
    return (int) job.world().allReduce(full, Communicator.Operation.SUM);
  }
}
