package ringattention.bench.training;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import ringattention.comm.Communicator;
import ringattention.data.Sample;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.input.BenchTrainingConfig;
import ringattention.input.TrainConfig;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimes;
import ringattention.metrics.Statistics;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.plan.PeakMemory;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.Trace;
import ringattention.train.StepResult;
import ringattention.train.Trainer;

/**
 * A training run of a few steps, or a part of one step, on a device of its own: nothing of another
 * measurement is in its memory or its counters. All calls are collective.
 */
public final class TrainingMeasurement {
  /**
   * Timed steps, each from an idle device to an idle device.
   *
   * @param seconds of every step, of the slowest rank
   * @param last step's result
   * @param times of the last step, by rank on rank 0, else empty
   * @param exposedWaitS of the last step, of the rank that waited longest for the ring
   */
  public record Steps(
      double[] seconds,
      StepResult last,
      List<PhaseTimes> times,
      double exposedWaitS,
      PeakMemory memory) {
    public double median() {
      return Statistics.of(seconds).median();
    }
  }

  /**
   * A forward and the backward of some blocks.
   *
   * @param loss mean over the labels that count, in nats; NaN if none does
   * @param forwardS of the slowest rank
   * @param backwardS of the slowest rank, loss head included
   */
  public record Rehearsal(double loss, double forwardS, double backwardS, PeakMemory memory) {}

  private final Job job;
  private final Equipment equipment;
  private final TrainingPlan plan;
  private final Samples samples;
  private final BenchTrainingConfig bench;
  private final TrainConfig train;

  public TrainingMeasurement(Job job, Equipment equipment, TrainingPlan plan, Samples samples) {
    this.job = job;
    this.equipment = equipment;
    this.plan = plan;
    this.samples = samples;
    this.bench = plan.configuration().benchTraining();
    this.train = plan.configuration().train();
  }

  /** Whether every rank's device has room for what is planned on it. */
  public boolean fits() {
    Device device = equipment.device();
    int full = 0;
    try {
      device.allocate(plan.memory(job.world().rank(), device).bytes()).close();
    } catch (OutOfMemoryError noRoom) {
      full = 1;
    }
    return job.world().allReduce(full, Communicator.Operation.SUM) == 0;
  }

  /**
   * @throws ringattention.train.DivergedException on every rank
   */
  public Steps steps() {
    return steps(equipment::another, bench.warmup(), bench.steps());
  }

  /**
   * As {@link #steps()}, so many on such a device.
   *
   * @param timed steps, at least 1, after those that are not
   */
  public Steps steps(Supplier<Device> open, int warmup, int timed) {
    try (Device device = open.get();
        Arena arena = plan.arena(job.world().rank(), device)) {
      Replica replica = replica(device, arena);
      Trainer trainer = trainer(plan, replica);
      for (int step = 0; step < warmup; step++) {
        trainer.next();
      }
      double[] seconds = new double[timed];
      for (int step = 0; step < seconds.length - 1; step++) {
        seconds[step] = seconds(device, trainer::next);
      }
      return traced(device, trainer, seconds);
    }
  }

  /**
   * Takes one step.
   *
   * @throws ringattention.train.DivergedException on every rank
   */
  public PeakMemory stepPeak() {
    try (Device device = equipment.another();
        Arena arena = plan.arena(job.world().rank(), device)) {
      Replica replica = replica(device, arena);
      trainer(plan, replica).next();
      device.synchronize();
      return PeakMemory.of(job, plan, device);
    }
  }

  /** The last step tells where its time went. */
  private Steps traced(Device device, Trainer trainer, double[] seconds) {
    device.synchronize();
    job.timer().reset();
    Trace.Recorded<StepResult> last = new Trace(job, device).record("step", trainer::next);
    PhaseTimes own = device.asynchronous() ? last.deviceTimes() : job.timer().times();
    seconds[seconds.length - 1] = largest(last.wallS());
    return new Steps(
        seconds,
        last.result(),
        job.world().gather(own.toArray()).stream().map(PhaseTimes::of).toList(),
        largest(own.seconds(Phase.RING_WAIT)),
        PeakMemory.of(job, plan, device));
  }

  public Rehearsal rehearsal() {
    try (Device device = equipment.another();
        Arena arena = plan.arena(job.world().rank(), device)) {
      Replica replica = replica(device, arena);
      Sample[] sequences = sequences();
      replica.load(sequences);
      double labels = labels(sequences);
      replica.transformer().clearLoss();
      int blocks = bench.forwardBlocks(plan.setup().model().layers());
      double forward = seconds(device, () -> replica.transformer().forwardLast(blocks));
      Runnable backward =
          () -> replica.transformer().backward(1 / Math.max(1, labels), bench.rehearse());
      double backwardS = largest(ownSeconds(device, backward));
      replica.parameters().clear(); // after the block before, whose weights are on their way
      double loss = job.world().allReduce(replica.transformer().loss(), Communicator.Operation.SUM);
      return new Rehearsal(loss / labels, forward, backwardS, PeakMemory.of(job, plan, device));
    }
  }

  /** This rank's part of the model with its first weights, on such a device of its own. */
  Replica replica(Device device, Arena arena) {
    if (device.asynchronous()) {
      Equipment.follow(job, device);
    }
    Replica replica = plan.replica(equipment, device, arena, job.timer());
    replica.parameters().initialize(train.seed(), plan.setup().model().initStd());
    return replica;
  }

  /**
   * From the first step, on the samples of this measurement.
   *
   * @param steps what a step is; may differ from what is measured in its micro-batches
   */
  Trainer trainer(TrainingPlan steps, Replica replica) {
    TrainConfig config = steps.configuration().train();
    return new Trainer(
        config, steps.setup(), job.world(), replica, samples, job.timer(), System::nanoTime);
  }

  /** The first sequences of this rank's ring. */
  private Sample[] sequences() {
    ModelSetup setup = plan.setup();
    long first = (long) setup.decomposition().replica(job.world().rank()) * setup.batch();
    return IntStream.range(0, setup.batch())
        .mapToObj(i -> samples.sample(first + i))
        .toArray(Sample[]::new);
  }

  /** Returns how many labels count in the sequences of all rings. Collective. */
  private double labels(Sample[] sequences) {
    double own = Arrays.stream(sequences).mapToDouble(Sample::counted).sum();
    double all = job.world().allReduce(own, Communicator.Operation.SUM);
    return all / plan.setup().decomposition().ring(); // its ranks hold parts of the same sequences
  }

  private double seconds(Device device, Supplier<?> work) {
    return largest(ownSeconds(device, work::get));
  }

  private double ownSeconds(Device device, Runnable work) {
    device.synchronize();
    job.world().barrier();
    long start = System.nanoTime();
    work.run();
    device.synchronize();
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Over all ranks. */
  private double largest(double value) {
    return job.world().allReduce(value, Communicator.Operation.MAX);
  }
}
