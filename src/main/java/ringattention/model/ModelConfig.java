package ringattention.model;

import java.nio.file.Path;
import java.util.Optional;
import ringattention.device.HeadCounts;
import ringattention.input.Section;
import ringattention.metrics.LossUnit;
import ringattention.metrics.ModelFlops;

/**
 * Section {@code [model]}: a Llama-shaped Transformer. In a file, {@code shape} names one of the
 * paper's models and the other keys override it; {@code checkpoint} names a Hugging Face folder,
 * whose config.json gives the other keys. Those of the rotary embedding override it, too.
 *
 * @param vocabulary number of tokens; of trajectories, of steps of an episode
 * @param hidden width of the residual stream
 * @param layers number of Transformer blocks
 * @param heads of an even size, because rotary embedding turns pairs
 * @param feedForward width of the SwiGLU feed-forward
 * @param ropeTheta base of the rotary frequencies
 * @param ropeScaling what becomes of them in long contexts
 * @param normEpsilon added to the mean of squares in RMSNorm
 * @param tied whether the head is the embedding, as tie_word_embeddings of Hugging Face
 * @param initStd standard deviation of the initial weights
 * @param initial how they start
 * @param details what attention has beside a Llama's
 * @param checkpoint the folder that the weights come from instead
 * @param trajectories what such a model begins with and gives; empty: tokens
 */
public record ModelConfig(
    int vocabulary,
    int hidden,
    int layers,
    HeadCounts heads,
    int feedForward,
    double ropeTheta,
    RopeScaling ropeScaling,
    double normEpsilon,
    boolean tied,
    double initStd,
    InitialKind initial,
    AttentionDetails details,
    Optional<Path> checkpoint,
    Optional<TrajectoryModel> trajectories) {
  public static final Section<ModelConfig> SECTION =
      Section.required("model", "hidden", table -> new ModelKeys(table).read());

  static final double INIT_STD = 0.02;

  public ModelConfig {
    if (heads.size() % 2 != 0) {
      throw new IllegalArgumentException("heads of size " + heads.size());
    }
    if (trajectories.isPresent() && (tied || vocabulary != trajectories.get().episodeSteps())) {
      throw new IllegalArgumentException(
          "the tokens of trajectories are the steps of an episode, and there is no head of these");
    }
  }

  /** Makes a Llama, whose attention has no details. */
  public ModelConfig(
      int vocabulary,
      int hidden,
      int layers,
      HeadCounts heads,
      int feedForward,
      double ropeTheta,
      RopeScaling ropeScaling,
      double normEpsilon,
      boolean tied,
      double initStd,
      Optional<Path> checkpoint) {
    this(
        vocabulary,
        hidden,
        layers,
        heads,
        feedForward,
        ropeTheta,
        ropeScaling,
        normEpsilon,
        tied,
        initStd,
        AttentionDetails.NONE,
        checkpoint);
  }

  /** Makes a model of tokens. */
  public ModelConfig(
      int vocabulary,
      int hidden,
      int layers,
      HeadCounts heads,
      int feedForward,
      double ropeTheta,
      RopeScaling ropeScaling,
      double normEpsilon,
      boolean tied,
      double initStd,
      InitialKind initial,
      AttentionDetails details,
      Optional<Path> checkpoint) {
    this(
        vocabulary,
        hidden,
        layers,
        heads,
        feedForward,
        ropeTheta,
        ropeScaling,
        normEpsilon,
        tied,
        initStd,
        initial,
        details,
        checkpoint,
        Optional.empty());
  }

  /** Makes a model whose weights start with one standard deviation. */
  public ModelConfig(
      int vocabulary,
      int hidden,
      int layers,
      HeadCounts heads,
      int feedForward,
      double ropeTheta,
      RopeScaling ropeScaling,
      double normEpsilon,
      boolean tied,
      double initStd,
      AttentionDetails details,
      Optional<Path> checkpoint) {
    this(
        vocabulary,
        hidden,
        layers,
        heads,
        feedForward,
        ropeTheta,
        ropeScaling,
        normEpsilon,
        tied,
        initStd,
        InitialKind.NORMAL,
        details,
        checkpoint);
  }

  /** One of the paper's models, with another number of blocks. */
  public static ModelConfig of(ModelShape shape, int layers) {
    return new ModelConfig(
        shape.vocabulary(),
        shape.hidden(),
        layers,
        shape.heads(),
        shape.feedForward(),
        10000,
        RopeScaling.NONE,
        1e-5,
        false,
        INIT_STD,
        Optional.empty());
  }

  /** Returns the same model with a loss head of its own. */
  public ModelConfig untied() {
    return with(ropeScaling, false, details);
  }

  /** Returns the model as it computes texts that need so many positions. */
  public ModelConfig forLength(long positions) {
    return with(ropeScaling.forLength(positions), tied, details);
  }

  /** Returns the same model with other attention. */
  public ModelConfig with(AttentionDetails other) {
    return with(ropeScaling, tied, other);
  }

  /** Returns the same model of trajectories instead of tokens. */
  public ModelConfig with(TrajectoryModel other) {
    return new ModelConfig(
        other.episodeSteps(),
        hidden,
        layers,
        heads,
        feedForward,
        ropeTheta,
        ropeScaling,
        normEpsilon,
        tied,
        initStd,
        initial,
        details,
        checkpoint,
        Optional.of(other));
  }

  /**
   * Returns what each of tensor ranks computes: an equal share of the heads and of the inner width
   * of every block.
   *
   * @param parts divides the key/value heads and the inner width
   */
  ModelConfig share(int parts) {
    return new ModelConfig(
        vocabulary,
        hidden,
        layers,
        heads.divided(parts),
        feedForward / parts,
        ropeTheta,
        ropeScaling,
        normEpsilon,
        tied,
        initStd,
        initial,
        details,
        checkpoint,
        trajectories);
  }

  private ModelConfig with(RopeScaling scaling, boolean sameMatrix, AttentionDetails attention) {
    return new ModelConfig(
        vocabulary,
        hidden,
        layers,
        heads,
        feedForward,
        ropeTheta,
        scaling,
        normEpsilon,
        sameMatrix,
        initStd,
        initial,
        attention,
        checkpoint,
        trajectories);
  }

  /** Number of weights, embedding and head included. */
  public long parameters() {
    long attention = 2L * hidden * (heads.queryWidth() + heads.keyValueWidth());
    long biases = details.queryKeyValueBias() ? heads.queryWidth() + 2L * heads.keyValueWidth() : 0;
    long norms = details.queryKeyNorm() ? 2L * heads.size() : 0;
    long block = attention + biases + norms + 3L * hidden * feedForward + 2L * hidden;
    long input = (long) (vocabulary + features()) * hidden;
    long head = tied ? 0 : (long) outputs() * hidden + (trajectories.isPresent() ? outputs() : 0);
    return input + layers * block + hidden + head;
  }

  /** Returns how many numbers the head gives for a position. */
  public int outputs() {
    return trajectories.map(TrajectoryModel::actionSize).orElse(vocabulary);
  }

  /** Returns how many numbers a position begins with, beside its token; 0 where it is all. */
  public int features() {
    return trajectories.map(TrajectoryModel::features).orElse(0);
  }

  /** Returns what the loss of a label is measured in. */
  public LossUnit lossUnit() {
    return trajectories.isPresent() ? LossUnit.SQUARED_ERROR : LossUnit.NATS;
  }

  /** Returns what counts the operations of the model. */
  public ModelFlops flops() {
    return new ModelFlops(
        hidden,
        layers,
        heads.query(),
        heads.keyValue(),
        heads.size(),
        feedForward,
        outputs(),
        features());
  }

  /**
   * The paper's model of these sizes, whatever the number of layers, for example {@code 7B}; {@code
   * h64} for another one of hidden size 64.
   */
  public String name() {
    for (ModelShape shape : ModelShape.values()) {
      if (shape.hidden() == hidden
          && shape.heads().equals(heads)
          && shape.feedForward() == feedForward
          && shape.vocabulary() == vocabulary) {
        return shape.toString();
      }
    }
    return "h" + hidden;
  }
}
