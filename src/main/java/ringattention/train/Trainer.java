package ringattention.train;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import ringattention.comm.Communicator;
import ringattention.data.Sample;
import ringattention.data.Samples;
import ringattention.device.Kernels;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;
import ringattention.model.Answers;
import ringattention.model.ExactAnswers;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.plan.TrainConfig;
import ringattention.report.DataSeen;
import ringattention.shard.Documents;

/**
 * The training step: data, loss and gradients, clip, AdamW. The same on every rank; all calls are
 * collective.
 */
public final class Trainer {
  private final TrainConfig config;
  private final ModelSetup setup;
  private final Communicator world;
  private final Replica replica;
  private final Samples samples;
  private final LearningRate schedule;
  private final PhaseTimer timer;
  private final LongSupplier clock;
  private Supplier<Stop> wish = () -> Stop.NONE;
  private LongPredicate faulty = number -> false;
  private Optional<ExactAnswers> answers = Optional.empty();
  private int mostSkipped;
  private int skippedInARow;
  private long updates;
  private long stepsBefore; // those of earlier parts of the run
  private long tokensBefore; // that those have seen, maybe in other batches
  private long step;

  /**
   * @param clock in nanoseconds
   */
  public Trainer(
      TrainConfig config,
      ModelSetup setup,
      Communicator world,
      Replica replica,
      Samples samples,
      PhaseTimer timer,
      LongSupplier clock) {
    this.config = config;
    this.setup = setup;
    this.world = world;
    this.replica = replica;
    this.samples = samples;
    this.timer = timer;
    this.clock = clock;
    this.schedule = LearningRate.of(config);
  }

  /** The step that is running or ran last, counted from 1; 0 before the first. */
  public long step() {
    return step;
  }

  /** Returns how often the weights were updated since training began: steps less those without. */
  public long updates() {
    return updates;
  }

  /**
   * Returns what all ranks have seen up to the end of a step: the last, or one to come.
   *
   * @param number of the step, counted from 1
   */
  public DataSeen seenAfter(long number) {
    long perStep = (long) config.batch() * config.sequence();
    return new DataSeen(
        tokensBefore + (number - stepsBefore) * perStep,
        samples.endless().isPresent()
            ? OptionalDouble.empty()
            : OptionalDouble.of((double) number * perStep / samples.epochTokens()));
  }

  /** Returns how many steps in a row, up to the last, were skipped. */
  public int skippedInARow() {
    return skippedInARow;
  }

  /**
   * Lets {@link #next} be the step after that one: the parameters are as that step left them.
   *
   * @param done step that ran last
   * @param updatesDone {@link #updates} after it
   * @param skipped {@link #skippedInARow} after it
   * @param tokens seen up to its end, whatever batches and sequences were then
   */
  public void resumeAt(long done, long updatesDone, int skipped, long tokens) {
    step = done;
    updates = updatesDone;
    skippedInARow = skipped;
    stepsBefore = done;
    tokensBefore = tokens;
  }

  /** Asks this rank after every step whether to stop; the weightiest answer of all ranks counts. */
  public void stopWhen(Supplier<Stop> asked) {
    wish = asked;
  }

  /**
   * Lets steps be skipped whose loss or gradient is not finite: weights and moments stay as they
   * are, the next step takes the next sequences.
   *
   * @param inARow so many at most, then it is an error; 0, as it begins: the first is one
   */
  public void skipAtMost(int inARow) {
    mostSkipped = inARow;
  }

  /** Lets every step count the questions that are answered exactly, before its update. */
  public void countAnswers() {
    answers = Optional.of(replica.answers());
  }

  /** To try what a fault does: this rank's gradients of such steps become NaN. */
  public void spoil(LongPredicate steps) {
    faulty = steps;
  }

  /**
   * @throws DivergedException if the loss or a gradient is not finite, of this step and of as many
   *     before as may be skipped; weights are as before the step
   */
  public StepResult next() {
    return next(() -> {});
  }

  /**
   * Trains a step like {@link #next()}.
   *
   * @param afterEach called when a micro-batch has been enqueued
   */
  public StepResult next(Runnable afterEach) {
    long start = clock.getAsLong();
    step++;
    long labels;
    try (var scope = timer.in(Phase.DATA)) {
      labels = labels();
    }
    double scale = labels == 0 ? 0 : 1.0 / labels;
    replica.transformer().clearLoss();
    double squares = 0;
    for (int pass = 0; pass < setup.passes(); pass++) {
      Sample[] sequences;
      try (var scope = timer.in(Phase.DATA)) {
        sequences = sequences(pass);
        replica.load(sequences);
        squares += squares(sequences);
      }
      accumulate(faulty.test(step) ? Double.NaN : scale, sequences);
      afterEach.run();
    }
    double[] loss = new double[2 + Answers.VALUES];
    loss[0] = replica.transformer().loss();
    loss[1] = squares / setup.mesh().sharing();
    answers.ifPresent(all -> System.arraycopy(all.sums(), 0, loss, 2, Answers.VALUES));
    double rate = schedule.at(step);
    double norm;
    String skipped;
    try (var scope = timer.in(Phase.OPTIMIZER)) {
      world.allReduce(loss, Communicator.Operation.SUM);
      loss[0] /= labels; // not a number where there are none
      norm = replica.parameters().gradientNorm();
      skipped = labels == 0 ? "" : notFinite(loss[0], norm);
      if (labels == 0) {
        replica.parameters().dropGradients();
      } else if (skipped.isEmpty()) {
        update(rate, norm);
      } else {
        skip(skipped);
      }
    }
    // one sum for both: all ranks stop after the same step, and no step waits once more for it
    double[] most = {(clock.getAsLong() - start) * 1e-9, wish.get().ordinal()};
    world.allReduce(most, Communicator.Operation.MAX);
    Stop stop = Stop.values()[(int) most[1]];
    return new StepResult(
        step,
        labels,
        labels == 0 ? Double.NaN : loss[0],
        norm,
        rate,
        most[0],
        loss[1],
        skipped,
        stop,
        answers.map(counted -> Answers.of(loss, 2)));
  }

  private void accumulate(double scale, Sample[] sequences) {
    if (answers.isPresent()) {
      answers.get().add(sequences, replica.transformer().accumulateWithLosses(scale));
    } else {
      replica.transformer().accumulate(scale);
    }
  }

  private void update(double rate, double norm) {
    skippedInARow = 0;
    updates++;
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
                updates,
                clip ? config.clipNorm() / norm : 1),
            config::decays);
  }

  /** Loss and norm are the same on every rank, so all ranks skip or none does. */
  private void skip(String why) {
    if (skippedInARow == mostSkipped) {
      String before =
          mostSkipped == 0 ? "" : ", and " + mostSkipped + " steps before it were skipped";
      throw new DivergedException("step " + step + ": " + why + before);
    }
    skippedInARow++;
    replica.parameters().dropGradients();
  }

  /**
   * The sequences of this rank's ring: a pure function of step and pass, whatever the number of
   * rings.
   */
  private Sample[] sequences(int pass) {
    int batch = setup.batch();
    long replica = setup.mesh().dataRank(world.rank());
    long first = (step - 1) * config.batch() + (replica * setup.passes() + pass) * batch;
    Sample[] sequences = new Sample[batch];
    for (int i = 0; i < batch; i++) {
      sequences[i] = samples.sample(first + i);
    }
    return sequences;
  }

  /** Sum of the squared lengths of all documents: what attention's work grows with. */
  private double squares(Sample[] sequences) {
    double squares = 0;
    for (Sample sequence : sequences) {
      squares += Documents.startingAt(sequence.documents()).squares(setup.sequence());
    }
    return squares;
  }

  /**
   * How many labels count in the whole batch, that of all rings: every rank counts its share of the
   * sequences of its ring. Collective.
   */
  private long labels() {
    int share = setup.batch() * setup.passes();
    int sharing = setup.mesh().sharing();
    long first = (step - 1) * config.batch() + (long) setup.mesh().dataRank(world.rank()) * share;
    long own = 0;
    for (int i = setup.mesh().sharingRank(world.rank()); i < share; i += sharing) {
      own += samples.labels(first + i);
    }
    return (long) world.allReduce((double) own, Communicator.Operation.SUM);
  }

  /** What is not finite; empty if all is. Collective. */
  private String notFinite(double loss, double norm) {
    if (Double.isFinite(loss) && Double.isFinite(norm)) {
      return "";
    }
    String parameter = replica.parameters().firstNonFiniteGradient();
    return "loss "
        + loss
        + ", gradient norm "
        + norm
        + (parameter.isEmpty()
            ? ", every gradient is finite"
            : ", the first gradient that is not finite is that of " + parameter);
  }
}
