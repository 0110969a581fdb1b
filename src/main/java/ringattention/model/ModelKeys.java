package ringattention.model;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import ringattention.device.HeadCounts;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Table;
import ringattention.input.Toml;
import ringattention.input.Trait;

/** Reads section {@code [model]}. */
final class ModelKeys {
  /** A plan has buffers for each. */
  static final Range LAYERS = Range.between(1, 1024);

  static final Range HEADS = Range.between(1, 65536);

  /** Sizes in bytes are far from 2^63. */
  private static final double MOST_WEIGHTS = 1e15;

  private final Table section;

  ModelKeys(Table section) {
    this.section = section;
  }

  ModelConfig read() {
    Optional<ModelShape> shape = section.optionalChoice("shape", ModelShape.class);
    Optional<Path> checkpoint = section.marked(Trait.OWN).optionalPath("checkpoint");
    section.require(
        shape.isEmpty() || checkpoint.isEmpty(),
        "shape",
        "must not be given with model.checkpoint");
    InputKind kind =
        section.marked(Trait.SHAPE).choice("input", InputKind.class, Default.of(InputKind.TOKENS));
    boolean tokens = kind == InputKind.TOKENS;
    section.require(
        tokens || checkpoint.isEmpty(),
        "input",
        "must be \"tokens\" with model.checkpoint: no folder of Hugging Face holds another");
    Table table = checkpoint.map(folder -> section.lent("checkpoint", folder)).orElse(section);
    TrajectoryModel steps = TrajectoryModel.read(table, kind);
    int vocabulary =
        table
            .onlyIf(tokens, "only with model.input = \"tokens\": steps of an episode are counted")
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
    double ends = tokens ? 2.0 * vocabulary : (double) steps.episodeSteps() + steps.features();
    double weights = layers * block + ends * hidden;
    table.require(
        weights < MOST_WEIGHTS,
        "hidden",
        String.format(
            Locale.ROOT, "must give a model of less than 1e15 weights, this has %.1e", weights));
    double theta = table.single("ropeTheta", Range.POSITIVE, Default.of(10000.0));
    RopeScaling scaling = new RopeKeys(table, theta, headSize).read();
    double epsilon = table.single("normEpsilon", Range.POSITIVE, Default.of(1e-5));
    boolean tied = table.marked(Trait.SHAPE).flag("tied", Default.of(false));
    table.require(tokens || !tied, "tied", "must be false with model.input = " + Toml.write(kind));
    double initStd = table.single("initStd", Range.POSITIVE, Default.of(ModelConfig.INIT_STD));
    return new ModelConfig(
        tokens ? vocabulary : steps.episodeSteps(),
        hidden,
        layers,
        new HeadCounts(heads, keyValueHeads, headSize),
        feedForward,
        theta,
        scaling,
        epsilon,
        tied,
        initStd,
        InitialKind.read(table, tied, initStd != ModelConfig.INIT_STD, checkpoint.isPresent()),
        details(table),
        checkpoint,
        tokens ? Optional.empty() : Optional.of(steps));
  }

  private static AttentionDetails details(Table table) {
    return new AttentionDetails(
        table.marked(Trait.SHAPE).flag("queryKeyValueBias", Default.of(false)),
        table.marked(Trait.SHAPE).flag("queryKeyNorm", Default.of(false)),
        table.integer("slidingWindow", Range.atLeast(0), Default.of(0)));
  }

  private static Default<Integer> shapeOr(
      Optional<ModelShape> shape, Function<ModelShape, Integer> extent, int example) {
    return new Default<>(shape.map(extent).orElse(null), "required, or the shape's", example);
  }
}
