package ringattention.model;

import java.util.ArrayList;
import java.util.List;
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

  /** Returns whether losses are of several sources. */
  public boolean hasSources() {
    return !samples.sourceNames().isEmpty();
  }

  /** Evaluates the sequences, each on one ring. Collective. */
  public LossByPosition measure() {
    LossByPosition.Sums sums = new LossByPosition.Sums();
    Optional<ExactAnswers> answers = questions ? Optional.of(replica.answers()) : Optional.empty();
    double[] answered = new double[Answers.VALUES];
    double[] bySource =
        new double[2 * samples.sourceNames().size()]; // labels of each, sum of losses
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
      for (int i = 0; i < batch; i++) {
        long index = done + first + i;
        double[] counted = add(loaded, i, losses, sums);
        if (bySource.length > 0 && index < sequences) {
          int at = 2 * samples.source(index);
          bySource[at] += counted[0];
          bySource[at + 1] += counted[1];
        }
      }
      answers.ifPresent(counted -> add(counted, loaded, losses, answered));
    }
    world.allReduce(sums.values(), Communicator.Operation.SUM);
    answers.ifPresent(counted -> world.allReduce(answered, Communicator.Operation.SUM));
    if (bySource.length > 0) {
      world.allReduce(bySource, Communicator.Operation.SUM);
    }
    return LossByPosition.of(
            sums.values(),
            samples.tokenBytes().isPresent(),
            answers.map(counted -> Answers.of(answered, 0)))
        .with(sources(bySource))
        .in(setup.model().lossUnit(), samples.textUnit());
  }

  private List<LossByPosition.OfSource> sources(double... sums) {
    List<LossByPosition.OfSource> sources = new ArrayList<>();
    for (String name : samples.sourceNames()) {
      int at = 2 * sources.size();
      sources.add(new LossByPosition.OfSource(name, (long) sums[at], sums[at + 1]));
    }
    return sources;
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
   * Adds the labels of one sequence; returns how many this rank has, and the sum of their losses.
   *
   * @param b its number in the batch
   * @param losses [tokens of this rank, batch, 2]
   */
  private double[] add(Sample[] loaded, int b, double[] losses, LossByPosition.Sums sums) {
    Optional<int[]> bytes = samples.tokenBytes();
    double[] counted = new double[2];
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
        counted[0]++;
        counted[1] += losses[at];
      }
    }
    return counted;
  }
}
