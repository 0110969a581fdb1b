package ringattention.model;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import ringattention.device.HeadCounts;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Section;
import ringattention.input.Table;
import ringattention.input.Trait;
import ringattention.metrics.ModelFlops;

/**
 * Section {@code [model]}: a Llama-shaped Transformer. In a file, {@code shape} names one of the
 * paper's models and the other keys override it; {@code checkpoint} names a Hugging Face folder,
 * whose config.json gives the other keys. Those of the rotary embedding override it, too.
 *
 * @param vocabulary number of tokens
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
    Optional<Path> checkpoint) {
  public static final Section<ModelConfig> SECTION =
      Section.required("model", "hidden", ModelConfig::read);

  /** A plan has buffers for each. */
  static final Range LAYERS = Range.between(1, 1024);

  static final Range HEADS = Range.between(1, 65536);

  private static final double INIT_STD = 0.02;

  /** Sizes in bytes are far from 2^63. */
  private static final double MOST_WEIGHTS = 1e15;

  public ModelConfig {
    if (heads.size() % 2 != 0) {
      throw new IllegalArgumentException("heads of size " + heads.size());
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
        checkpoint);
  }

  static ModelConfig read(Table section) {
    Optional<ModelShape> shape = section.optionalChoice("shape", ModelShape.class);
    Optional<Path> checkpoint = section.marked(Trait.OWN).optionalPath("checkpoint");
    section.require(
        shape.isEmpty() || checkpoint.isEmpty(),
        "shape",
        "must not be given with model.checkpoint");
    Table table = checkpoint.map(folder -> section.lent("checkpoint", folder)).orElse(section);
    int vocabulary =
        table
            .marked(Trait.SHAPE)
            .integer(
                "vocabulary",
                Range.atLeast(2), // the tokenizer's, which is checked where there is one
                Default.derived(
                    shape.map(ModelShape::vocabulary).orElse(256), "256, or the shape's"));
    int hidden =
        table
            .marked(Trait.SHAPE)
            .integer("hidden", Range.between(2, 1 << 20), shapeOr(shape, ModelShape::hidden, 64));
    int layers =
        table.marked(Trait.SHAPE).integer("layers", LAYERS, shapeOr(shape, ModelShape::layers, 2));
    int heads =
        table
            .marked(Trait.SHAPE)
            .integer("heads", HEADS, shapeOr(shape, paper -> paper.heads().query(), 4));
    int keyValueHeads =
        table
            .marked(Trait.SHAPE)
            .integer("keyValueHeads", Range.atLeast(1), Default.derived(heads, "heads"));
    table.require(
        heads % keyValueHeads == 0,
        "heads",
        "must be a multiple of model.keyValueHeads (" + keyValueHeads + ")");
    table.require(
        table.gives("headSize") || hidden % heads == 0,
        "heads",
        "must divide model.hidden (" + hidden + "), or give model.headSize");
    int headSize =
        table
            .marked(Trait.SHAPE)
            .integer(
                "headSize", Range.atLeast(2), Default.derived(hidden / heads, "hidden / heads"));
    table.require(headSize % 2 == 0, "headSize", "must be even, by default it is hidden / heads");
    int feedForward =
        table
            .marked(Trait.SHAPE)
            .integer(
                "feedForward",
                Range.atLeast(1),
                Default.derived(
                    shape.map(ModelShape::feedForward).orElse((hidden * 8 / 3 + 7) / 8 * 8),
                    "8/3 hidden, up to a multiple of 8"));
    double block = 2.0 * hidden * headSize * (heads + keyValueHeads) + 3.0 * hidden * feedForward;
    double weights = layers * block + 2.0 * vocabulary * hidden;
    table.require(
        weights < MOST_WEIGHTS,
        "hidden",
        String.format(
            Locale.ROOT, "must give a model of less than 1e15 weights, this has %.1e", weights));
    double theta = table.single("ropeTheta", Range.POSITIVE, Default.of(10000.0));
    RopeScaling scaling = new RopeKeys(table, theta, headSize).read();
    double epsilon = table.single("normEpsilon", Range.POSITIVE, Default.of(1e-5));
    boolean tied = table.marked(Trait.SHAPE).flag("tied", Default.of(false));
    double initStd = table.single("initStd", Range.POSITIVE, Default.of(INIT_STD));
    return new ModelConfig(
        vocabulary,
        hidden,
        layers,
        new HeadCounts(heads, keyValueHeads, headSize),
        feedForward,
        theta,
        scaling,
        epsilon,
        tied,
        initStd,
        InitialKind.read(table, tied, initStd != INIT_STD, checkpoint.isPresent()),
        details(table),
        checkpoint);
  }

  private static AttentionDetails details(Table table) {
    return new AttentionDetails(
        table.marked(Trait.SHAPE).flag("queryKeyValueBias", Default.of(false)),
        table.marked(Trait.SHAPE).flag("queryKeyNorm", Default.of(false)),
        table.integer("slidingWindow", Range.atLeast(0), Default.of(0)));
  }

  /** Number of weights, embedding and head included. */
  public long parameters() {
    long attention = 2L * hidden * (heads.queryWidth() + heads.keyValueWidth());
    long biases = details.queryKeyValueBias() ? heads.queryWidth() + 2L * heads.keyValueWidth() : 0;
    long norms = details.queryKeyNorm() ? 2L * heads.size() : 0;
    long block = attention + biases + norms + 3L * hidden * feedForward + 2L * hidden;
    return layers * block + (tied ? 1L : 2L) * vocabulary * hidden + hidden;
  }

  /** Returns what counts the operations of the model. */
  public ModelFlops flops() {
    return new ModelFlops(
        hidden, layers, heads.query(), heads.keyValue(), heads.size(), feedForward, vocabulary);
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

  private static Default<Integer> shapeOr(
      Optional<ModelShape> shape, Function<ModelShape, Integer> extent, int example) {
    return new Default<>(shape.map(extent).orElse(null), "required, or the shape's", example);
  }
}
