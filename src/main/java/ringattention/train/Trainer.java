package ringattention.train;

import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.config.TrainConfig;
import ringattention.data.SequenceSampler;
import ringattention.device.Kernels;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;

/**
 * The training step: data, loss and gradients, clip, AdamW. The same on every rank; all calls are
 * collective.
 */
public final class Trainer {
  private final TrainConfig config;
  private final ModelSetup setup;
  private final Communicator world;
  private final Replica replica;
  private final SequenceSampler sampler;
  private final LearningRate schedule;
  private final PhaseTimer timer;
  private final LongSupplier clock;
  private long step;

  /**
   * @param clock in nanoseconds
   */
  public Trainer(
      TrainConfig config,
      ModelSetup setup,
      Communicator world,
      Replica replica,
      SequenceSampler sampler,
      PhaseTimer timer,
      LongSupplier clock) {
    this.config = config;
    this.setup = setup;
    this.world = world;
    this.replica = replica;
    this.sampler = sampler;
    this.timer = timer;
    this.clock = clock;
    this.schedule =
        new LearningRate(
            config.learningRate(), config.minLearningRate(), config.warmupSteps(), config.steps());
  }

  /** The step that is running or ran last, counted from 1; 0 before the first. */
  public long step() {
    return step;
  }

  /** Lets {@link #next} be the step after this one: the parameters are as that step left them. */
  public void resumeAt(long done) {
    step = done;
  }

  /**
   * @throws DivergedException if the loss or a gradient is not finite; weights are as before the
   *     step
   */
  public StepResult next() {
    long start = clock.getAsLong();
    step++;
    try (var scope = timer.in(Phase.DATA)) {
      replica.load(sequences());
    }
    double labels = (double) setup.sequence() * config.batch();
    double[] loss = {replica.lossAndGradients(1 / labels)};
    double rate = schedule.at(step);
    double norm;
    try (var scope = timer.in(Phase.OPTIMIZER)) {
      world.allReduce(loss, Communicator.Operation.SUM);
      loss[0] /= labels;
      norm = replica.parameters().gradientNorm();
      requireFinite(loss[0], norm);
      boolean clip = config.clipNorm() > 0 && norm > config.clipNorm();
      replica
          .parameters()
          .update(
              new Kernels.AdamW(
                  rate,
                  config.beta1(),
                  config.beta2(),
                  config.epsilon(),
                  config.weightDecay(),
                  step,
                  clip ? config.clipNorm() / norm : 1));
    }
    double[] seconds = {(clock.getAsLong() - start) * 1e-9};
    world.allReduce(seconds, Communicator.Operation.MAX);
    return new StepResult(step, loss[0], norm, rate, seconds[0]);
  }

  /**
   * The sequences of this rank's ring: a pure function of the step, whatever the number of rings.
   */
  private int[][] sequences() {
    int batch = setup.batch();
    long first =
        (step - 1) * config.batch() + (long) setup.decomposition().replica(world.rank()) * batch;
    int[][] sequences = new int[batch][];
    for (int i = 0; i < batch; i++) {
      sequences[i] = sampler.tokens(first + i);
    }
    return sequences;
  }

  private void requireFinite(double loss, double norm) {
    if (Double.isFinite(loss) && Double.isFinite(norm)) {
      return;
    }
    String parameter = replica.parameters().firstNonFiniteGradient();
    throw new DivergedException(
        "step "
            + step
            + ": loss "
            + loss
            + ", gradient norm "
            + norm
            + (parameter.isEmpty()
                ? ", every gradient is finite"
                : ", the first gradient that is not finite is that of " + parameter));
  }
}
