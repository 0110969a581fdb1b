package ringattention.model;

import java.util.Optional;
import ringattention.comm.Communicator;
import ringattention.data.HeldOutSamples;
import ringattention.data.Sample;
import ringattention.metrics.Phase;
import ringattention.metrics.PhaseTimer;

/** The loss of a model on what it does not learn from. The same on every rank. */
public final class HeldOutLoss {
  private final ModelSetup setup;
  private final Communicator world;
  private final Replica replica;
  private final HeldOutSamples samples;
  private final boolean questions;
  private final long sequences;
  private final PhaseTimer timer;
  private final int[] held; // positions of the sequence on this rank

  /**
   * @param setup with label losses
   * @param most sequences that are evaluated, the first of all; 0: all
   */
  public HeldOutLoss(
      ModelSetup setup,
      Communicator world,
      Replica replica,
      HeldOutSamples samples,
      int most,
      PhaseTimer timer) {
    this(setup, world, replica, samples, samples.hasQuestions(), most, timer);
  }

  /**
   * @param questions whether labels are the answers to questions
   */
  HeldOutLoss(
      ModelSetup setup,
      Communicator world,
      Replica replica,
      HeldOutSamples samples,
      boolean questions,
      int most,
      PhaseTimer timer) {
    this.questions = questions;
    this.setup = setup;
    this.world = world;
    this.replica = replica;
    this.samples = samples;
    this.sequences = most == 0 ? samples.sequences() : Math.min(most, samples.sequences());
    this.timer = timer;
    this.held = setup.layout().positions(setup.mesh().sharingRank(world.rank()));
  }

  /** Returns how many sequences are evaluated. */
  public long sequences() {
    return sequences;
  }

  /** Evaluates the sequences, each on one ring. Collective. */
  public LossByPosition measure() {
    LossByPosition.Sums sums = new LossByPosition.Sums();
    Optional<ExactAnswers> answers = questions ? Optional.of(replica.answers()) : Optional.empty();
    double[] answered = new double[Answers.VALUES];
    int batch = setup.batch();
    long together = (long) setup.mesh().data() * batch;
    long first = (long) setup.mesh().dataRank(world.rank()) * batch;
    for (long done = 0; done < sequences; done += together) {
      Sample[] loaded = new Sample[batch];
      try (var scope = timer.in(Phase.DATA)) {
        for (int i = 0; i < batch; i++) {
          loaded[i] = sample(done + first + i);
        }
        replica.load(loaded);
      }
      double[] losses = replica.transformer().labelLosses();
      add(loaded, losses, sums);
      answers.ifPresent(counted -> add(counted, loaded, losses, answered));
    }
    world.allReduce(sums.values(), Communicator.Operation.SUM);
    answers.ifPresent(counted -> world.allReduce(answered, Communicator.Operation.SUM));
    return LossByPosition.of(
        sums.values(),
        samples.tokenBytes().isPresent(),
        answers.map(counted -> Answers.of(answered, 0)));
  }

  /** All ranks of a ring do this for the same sequences. */
  private static void add(ExactAnswers answers, Sample[] loaded, double[] losses, double[] to) {
    answers.add(loaded, losses);
    double[] sums = answers.sums();
    for (int i = 0; i < to.length; i++) {
      to[i] += sums[i];
    }
  }

  /** A ring that has no sequence left goes along with padding. */
  private Sample sample(long index) {
    return samples.sample(index < sequences ? index : samples.sequences());
  }

  /**
   * @param losses [tokens of this rank, batch, 2]
   */
  private void add(Sample[] loaded, double[] losses, LossByPosition.Sums sums) {
    Optional<int[]> bytes = samples.tokenBytes();
    for (int b = 0; b < loaded.length; b++) {
      int document = 0;
      int[] starts = loaded[b].documents();
      for (int i = 0; i < held.length; i++) { // positions ascend
        int label = loaded[b].labels()[held[i]];
        while (document + 1 < starts.length && starts[document + 1] <= held[i]) {
          document++;
        }
        if (label != Sample.NO_LABEL) {
          int at = 2 * (i * loaded.length + b);
          int seen = held[i] + 1 - starts[document];
          int length = bytes.isPresent() ? bytes.get()[label] : 0;
          sums.add(seen, losses[at], losses[at + 1], length);
        }
      }
    }
  }
}
