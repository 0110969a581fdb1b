package ringattention.validate;

import java.util.Arrays;
import java.util.Optional;
import ringattention.data.Sample;
import ringattention.device.HeadCounts;
import ringattention.model.ActivationPolicy;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardKind;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.RopeScaling;
import ringattention.model.TrajectoryModel;
import ringattention.random.Seed;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/**
 * A small Transformer with random weights and tokens, or numbers of trajectories.
 *
 * @param length positions of a sequence
 * @param batch sequences over all ranks
 * @param documents that a sequence is packed from; if several, batch is 1
 */
public record TransformerProblem(
    ModelConfig model,
    int length,
    int batch,
    Mask mask,
    LayoutKind layout,
    long seed,
    Documents documents) {
  private static final int BLOCK = 7; // tokens: several blocks, the last one shorter
  private static final double INITIAL =
      0.15; // large weights, so that attention is far from uniform

  /** Makes a problem of one document. */
  public TransformerProblem(
      ModelConfig model, int length, int batch, Mask mask, LayoutKind layout, long seed) {
    this(model, length, batch, mask, layout, seed, Documents.ONE);
  }

  /** Two blocks, grouped queries, no size a power of two. */
  public static TransformerProblem small(
      int length, int batch, Mask mask, LayoutKind layout, long seed) {
    return small(length, batch, 2, mask, layout, seed);
  }

  /** Makes a small one of so many key/value heads, each read by two query heads. */
  public static TransformerProblem small(
      int length, int batch, int keyValueHeads, Mask mask, LayoutKind layout, long seed) {
    ModelConfig model =
        new ModelConfig(
            61,
            24,
            2,
            new HeadCounts(2 * keyValueHeads, keyValueHeads, 6),
            40,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            INITIAL,
            Optional.empty());
    return new TransformerProblem(model, length, batch, mask, layout, seed);
  }

  /** Returns the same problem of a model of trajectories, whose numbers are random. */
  public TransformerProblem ofTrajectories() {
    ModelConfig numbers = model.with(new TrajectoryModel(5, 3, 11));
    return new TransformerProblem(numbers, length, batch, mask, layout, seed, documents);
  }

  /** One sequence like these, packed from documents. */
  public TransformerProblem packed(Documents packed) {
    return new TransformerProblem(model, length, 1, mask, layout, seed, packed);
  }

  /** One of the paper's architectures for it. */
  public ModelSetup setup(AttentionKind attention, FeedForwardKind feedForward, Mesh mesh) {
    return new ModelSetup(
        model,
        attention,
        mask,
        layout,
        feedForward,
        BLOCK,
        BLOCK,
        mesh,
        length,
        batch / mesh.data(),
        1,
        documents.count() > 1,
        false,
        ActivationPolicy.inputs(model.layers()),
        false);
  }

  /** The paper's ring architecture over all ranks of a job. */
  public ModelSetup ring(Mesh mesh) {
    return setup(AttentionKind.RING, FeedForwardKind.BLOCKWISE, mesh);
  }

  /** The vanilla architecture on one rank. */
  public ModelSetup vanilla() {
    return setup(AttentionKind.VANILLA, FeedForwardKind.FULL, Mesh.of(1, 1));
  }

  /** Its sequences for the names of checks. */
  String tokens() {
    return length
        + " tokens"
        + (documents.count() == 1 ? "" : ", " + documents.count() + " documents")
        + (model.trajectories().isPresent() ? ", trajectories" : "");
  }

  /** [batch] random sequences; positions restart with every document. */
  public Sample[] sequences() {
    Sample[] sequences = new Sample[batch];
    for (int b = 0; b < batch; b++) {
      Sample whole = whole(b);
      sequences[b] =
          new Sample(
              whole.tokens(),
              whole.labels(),
              documents.restarted(whole.positions()),
              documents.starts().stream().mapToInt(Integer::intValue).toArray(),
              whole.values());
    }
    return sequences;
  }

  /** Returns a sequence of one document. */
  private Sample whole(int b) {
    if (model.trajectories().isPresent()) {
      return new RandomTrajectories(model.trajectories().get())
          .sample(length, Seed.of(seed, "trajectory " + b));
    }
    Seed numbers = Seed.of(seed, "tokens");
    int[] tokens = new int[length + 1];
    for (int i = 0; i <= length; i++) {
      long bits = numbers.bits((long) b * (length + 1) + i);
      tokens[i] = (int) Long.remainderUnsigned(bits, model.vocabulary());
    }
    return Sample.consecutive(tokens, 0);
  }

  /** Gives a position of a sequence another token, or another number. */
  void change(Sample sequence, int position) {
    int[] tokens = sequence.tokens();
    model
        .trajectories()
        .ifPresentOrElse(
            steps -> new RandomTrajectories(steps).change(sequence, position),
            () -> tokens[position] = (tokens[position] + 1) % model.vocabulary());
  }

  /** One over the number of labels: makes the loss a mean. */
  public double scale() {
    return 1.0 / Arrays.stream(sequences()).mapToInt(Sample::counted).sum();
  }
}
