package ringattention.bench.training;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import ringattention.bench.training.TrainingRow.Measured;
import ringattention.comm.Communicator;
import ringattention.data.Sample;
import ringattention.data.Samples;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.metrics.BatchTime;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimes;
import ringattention.metrics.Statistics;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.plan.PeakMemory;
import ringattention.plan.TrainConfig;
import ringattention.plan.TrainingPlan;
import ringattention.run.Equipment;
import ringattention.run.Job;
import ringattention.run.Trace;
import ringattention.train.StepResult;
import ringattention.train.Trainer;

/**
 * A training run of a few steps, or a part of one step, on a device of its own: nothing of another
 * measurement is in its memory or its counters. All calls are collective; those that take steps
 * throw {@link ringattention.train.DivergedException} on every rank.
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
      PeakMemory memory)
      implements Measured {
    double median() {
      return Statistics.of(seconds).median();
    }

    @Override
    public double loss() {
      return last.loss();
    }
  }

  /**
   * The beginning of a large batch, and what follows for the whole.
   *
   * @param time of this rank
   * @param seconds of the whole batch on the slowest rank
   * @param last result of the measured micro-batches' step
   * @param exposedWaitS of the whole batch, of the rank that waited longest for the ring
   */
  public record Batch(
      BatchTime time, double seconds, StepResult last, double exposedWaitS, PeakMemory memory)
      implements Measured {
    @Override
    public double loss() {
      return last.loss();
    }
  }

  /**
   * A forward and the backward of some blocks.
   *
   * @param loss mean over the labels that count, in nats; NaN if none does
   * @param forwardS of the slowest rank
   * @param backwardS of the slowest rank, loss head included
   */
  public record Rehearsal(double loss, double forwardS, double backwardS, PeakMemory memory)
      implements Measured {}

  private final Job job;
  private final Equipment equipment;
  private final TrainingPlan plan;
  private final Samples samples;
  private final BenchTrainingConfig bench;

  TrainingMeasurement(Job job, Equipment equipment, TrainingPlan plan, Samples samples) {
    this.job = job;
    this.equipment = equipment;
    this.plan = plan;
    this.samples = samples;
    this.bench = plan.configuration().get(BenchTrainingConfig.SECTION);
  }

  /** Returns whether every rank's device has room for what is planned on it. */
  boolean fits() {
    Device device = equipment.device();
    int full = 0;
    try {
      device.allocate(plan.needs().of(job.world().rank(), device).bytes()).close();
    } catch (OutOfMemoryError noRoom) {
      full = 1;
    }
    return job.world().allReduce(full, Communicator.Operation.SUM) == 0;
  }

  /** Takes the steps that the input asks for. */
  Steps steps() {
    return steps(equipment::another, bench.warmup(), bench.steps());
  }

  /** Takes one step. */
  Steps step() {
    return steps(equipment::another, 0, 1);
  }

  /**
   * Takes so many steps on such a device; the last tells where its time went.
   *
   * @param timed steps, at least 1, after those that are not
   */
  Steps steps(Supplier<Device> open, int warmup, int timed) {
    return on(
        open,
        (device, replica) -> {
          Trainer trainer = trainer(plan, replica);
          for (int step = 0; step < warmup; step++) {
            trainer.next();
          }
          double[] seconds = new double[timed];
          for (int step = 0; step < timed - 1; step++) {
            seconds[step] = seconds(device, trainer::next);
          }
          Trace.Recorded<StepResult> last = traced(device, "step", trainer::next);
          seconds[timed - 1] = largest(last.wallS());
          PhaseTimes own = times(device, last);
          return new Steps(
              seconds,
              last.result(),
              job.world().gather(own.toArray()).stream().map(PhaseTimes::of).toList(),
              largest(own.seconds(Phase.RING_WAIT)),
              PeakMemory.of(job, plan, device));
        });
  }

  /**
   * Takes a step over some micro-batches of a batch, each from an idle device to an idle device,
   * after a step over one that warms up.
   *
   * @param single the plan of a step over one micro-batch
   * @param count micro-batches of the whole batch
   */
  Batch batch(TrainingPlan single, int count) {
    return on(
        equipment::another,
        (device, replica) -> {
          trainer(single, replica).next();
          Trainer trainer = trainer(plan, replica);
          trainer.resumeAt(1, 1, 0, 0);
          long[] ends = new long[plan.setup().passes()];
          int[] ended = {0};
          Runnable end =
              () -> {
                device.synchronize();
                ends[ended[0]++] = System.nanoTime();
              };
          Trace.Recorded<StepResult> step =
              traced(device, "micro-batches", () -> trainer.next(end));
          BatchTime time = BatchTime.of(step.start(), step.wallS(), ends);
          double wait = times(device, step).seconds(Phase.RING_WAIT) / ends.length * count;
          return new Batch(
              time,
              largest(time.seconds(count)),
              step.result(),
              largest(wait),
              PeakMemory.of(job, plan, device));
        });
  }

  /** Takes a forward, and the backward of the last blocks. */
  Rehearsal rehearsal() {
    return on(
        equipment::another,
        (device, replica) -> {
          Sample[] sequences = sequences();
          replica.load(sequences);
          double labels = labels(sequences);
          replica.transformer().clearLoss();
          int blocks = bench.forwardBlocks(plan.setup().model().layers());
          double forward = seconds(device, () -> replica.transformer().forwardLast(blocks));
          double backward =
              seconds(
                  device,
                  () -> replica.transformer().backward(1 / Math.max(1, labels), bench.rehearse()));
          replica.settle(); // weights of the block before are on their way, and sums
          double loss =
              job.world().allReduce(replica.transformer().loss(), Communicator.Operation.SUM);
          return new Rehearsal(loss / labels, forward, backward, PeakMemory.of(job, plan, device));
        });
  }

  /** Does work with this rank's part of the model and its first weights, on such a device. */
  private <T> T on(Supplier<Device> open, BiFunction<Device, Replica, T> work) {
    try (Device device = open.get();
        Arena arena = plan.needs().arena(job.world().rank(), device)) {
      if (device.asynchronous()) {
        Equipment.follow(job, device);
      }
      Replica replica = plan.replica(equipment, device, arena, job.timer());
      long seed = plan.configuration().get(TrainConfig.SECTION).seed();
      replica.parameters().initialize(seed, plan.setup().model().initStd());
      return work.apply(device, replica);
    }
  }

  /**
   * Returns a trainer from the first step, on the samples of this measurement.
   *
   * @param steps what a step is; may differ from what is measured in its micro-batches
   */
  private Trainer trainer(TrainingPlan steps, Replica replica) {
    TrainConfig config = steps.configuration().get(TrainConfig.SECTION);
    return new Trainer(
        config, steps.setup(), job.world(), replica, samples, job.timer(), System::nanoTime);
  }

  private <T> Trace.Recorded<T> traced(Device device, String name, Supplier<T> work) {
    device.synchronize();
    job.timer().reset();
    return new Trace(job, device).record(name, work);
  }

  private PhaseTimes times(Device device, Trace.Recorded<?> traced) {
    return device.asynchronous() ? traced.deviceTimes() : job.timer().times();
  }

  /** The first sequences of this rank's ring. */
  private Sample[] sequences() {
    ModelSetup setup = plan.setup();
    long first = (long) setup.mesh().dataRank(job.world().rank()) * setup.batch();
    return IntStream.range(0, setup.batch())
        .mapToObj(i -> samples.sample(first + i))
        .toArray(Sample[]::new);
  }

  /** Returns how many labels count in the sequences of all rings. */
  private double labels(Sample[] sequences) {
    double own = Arrays.stream(sequences).mapToDouble(Sample::counted).sum();
    double all = job.world().allReduce(own, Communicator.Operation.SUM);
    return all / plan.setup().mesh().sharing(); // its ranks hold parts of the same sequences
  }

  /** Seconds of the slowest rank, from an idle device to an idle device. */
  private double seconds(Device device, Runnable work) {
    device.synchronize();
    job.world().barrier();
    long start = System.nanoTime();
    work.run();
    device.synchronize();
    return largest((System.nanoTime() - start) * 1e-9);
  }

  /** Over all ranks. */
  private double largest(double value) {
    return job.world().allReduce(value, Communicator.Operation.MAX);
  }
}
