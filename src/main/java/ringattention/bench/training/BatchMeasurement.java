package ringattention.bench.training;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import ringattention.comm.Communicator;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.metrics.BatchTime;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimes;
import ringattention.model.Replica;
import ringattention.plan.PeakMemory;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.Trace;
import ringattention.train.StepResult;
import ringattention.train.Trainer;

/**
 * The beginning of a large batch: a step over some of its micro-batches, each from an idle device
 * to an idle device, after a step over one that warms up. On a device of its own. All calls are
 * collective.
 */
public final class BatchMeasurement {
  /**
   * What was measured and what follows for the batch.
   *
   * @param time of this rank
   * @param seconds of the whole batch on the slowest rank
   * @param last result of the measured micro-batches' step
   * @param exposedWaitS of the whole batch, of the rank that waited longest for the ring
   */
  public record Batch(
      BatchTime time, double seconds, StepResult last, double exposedWaitS, PeakMemory memory) {
    /** What was measured, in words. */
    public String times(int count) {
      int measured = time.microBatches().length;
      String each =
          Arrays.stream(time.microBatches())
              .mapToObj(seconds -> String.format(Locale.ROOT, "%.3f", seconds))
              .collect(Collectors.joining(", "));
      String others = measured == 2 ? "the second stands" : "those after the first stand";
      return String.format(
          Locale.ROOT,
          "micro-batches measured: %d of %d, %s s, and the update, %.3f s%s",
          measured,
          count,
          each,
          time.update(),
          count > measured ? "; " + others + " for the other " + (count - measured) : "");
    }
  }

  private final Job job;
  private final Equipment equipment;
  private final TrainingPlan plan;
  private final TrainingPlan single;
  private final TrainingMeasurement measurement;

  /**
   * @param plan of a step over the micro-batches to measure
   * @param single the same over one
   */
  public BatchMeasurement(
      Job job, Equipment equipment, TrainingPlan plan, TrainingPlan single, Samples samples) {
    this.job = job;
    this.equipment = equipment;
    this.plan = plan;
    this.single = single;
    this.measurement = new TrainingMeasurement(job, equipment, plan, samples);
  }

  /** See {@link TrainingMeasurement#fits}. */
  public boolean fits() {
    return measurement.fits();
  }

  /**
   * @param count micro-batches of the whole batch
   * @throws ringattention.train.DivergedException on every rank
   */
  public Batch measure(int count) {
    try (Device device = equipment.another();
        Arena arena = plan.arena(job.world().rank(), device)) {
      Replica replica = measurement.replica(device, arena);
      measurement.trainer(single, replica).next();
      Trainer trainer = measurement.trainer(plan, replica);
      trainer.resumeAt(1, 1, 0);
      long[] ends = new long[plan.setup().passes()];
      int[] ended = {0};
      Runnable end =
          () -> {
            device.synchronize();
            ends[ended[0]++] = System.nanoTime();
          };
      device.synchronize();
      job.timer().reset();
      Trace.Recorded<StepResult> step =
          new Trace(job, device).record("micro-batches", () -> trainer.next(end));
      BatchTime time = time(step, ends);
      PhaseTimes own = device.asynchronous() ? step.deviceTimes() : job.timer().times();
      double wait = own.seconds(Phase.RING_WAIT) / ends.length * count;
      return new Batch(
          time,
          job.world().allReduce(time.seconds(count), Communicator.Operation.MAX),
          step.result(),
          job.world().allReduce(wait, Communicator.Operation.MAX),
          PeakMemory.of(job, plan, device));
    }
  }

  private static BatchTime time(Trace.Recorded<?> step, long... ends) {
    double[] seconds = new double[ends.length];
    long start = step.start();
    for (int i = 0; i < ends.length; i++) {
      seconds[i] = (ends[i] - start) * 1e-9;
      start = ends[i];
    }
    return new BatchTime(seconds, step.wallS() - (start - step.start()) * 1e-9);
  }
}
