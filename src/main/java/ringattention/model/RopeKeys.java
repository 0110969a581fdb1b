package ringattention.model;

import java.util.List;
import ringattention.input.Default;
import ringattention.input.Range;
import ringattention.input.Table;
import ringattention.input.Toml;

/** Reads the keys of section {@code [model]} that say what becomes of rotary frequencies. */
final class RopeKeys {
  private static final String SCALING = "ropeScaling";
  private static final String FACTOR = "ropeFactor";
  private static final String LOW = "ropeLowFrequency";
  private static final String HIGH = "ropeHighFrequency";
  private static final String CONTEXT = "ropeOriginalContext";
  private static final String ATTENTION = "ropeAttentionFactor";

  private static final double DEFAULT_LOW = 1;
  private static final double DEFAULT_HIGH = 4;
  private static final int DEFAULT_CONTEXT = 8192;

  private final Table table;
  private final double theta;
  private final int headSize;
  private final RopeScalingKind kind;
  private final String ignored;

  /**
   * @param theta the base of the frequencies
   */
  RopeKeys(Table table, double theta, int headSize) {
    this.table = table;
    this.theta = theta;
    this.headSize = headSize;
    table.refuse(
        SCALING,
        "dynamic",
        "not supported: its frequencies depend on the length of each text, so none could be trained");
    this.kind = table.choice(SCALING, RopeScalingKind.class, Default.of(RopeScalingKind.DEFAULT));
    this.ignored = "must not be given with model.ropeScaling = " + Toml.write(kind);
  }

  RopeScaling read() {
    boolean scales = kind != RopeScalingKind.DEFAULT;
    double factor =
        table.single(
            FACTOR,
            Range.POSITIVE,
            new Default<>(scales ? null : 1.0, "required, or the checkpoint's", 1.0));
    double low = table.single(LOW, Range.POSITIVE, Default.of(DEFAULT_LOW));
    double high = table.single(HIGH, Range.POSITIVE, Default.of(DEFAULT_HIGH));
    boolean paired = kind == RopeScalingKind.YARN || kind == RopeScalingKind.LONGROPE;
    int context =
        table.integer(
            CONTEXT,
            Range.atLeast(1),
            new Default<>(
                paired ? null : DEFAULT_CONTEXT,
                "the checkpoint's, or 8192 with llama3",
                DEFAULT_CONTEXT));
    boolean llama3 = kind == RopeScalingKind.LLAMA3;
    table.require(scales || factor == 1, FACTOR, ignored);
    table.require(llama3 || low == DEFAULT_LOW, LOW, ignored);
    table.require(llama3 || high == DEFAULT_HIGH, HIGH, ignored);
    table.require(llama3 || paired || context == DEFAULT_CONTEXT, CONTEXT, ignored);
    table.require(
        low < high, LOW, "must be below model.ropeHighFrequency (" + Toml.write(high) + ")");
    double attention = attention(factor, context);
    YarnRope yarn = yarn(factor, context, attention);
    LongRope longRope = longRope(factor, context, attention);
    return switch (kind) {
      case DEFAULT -> RopeScaling.NONE;
      case LINEAR -> new LinearRope(factor);
      case LLAMA3 -> new Llama3Rope(factor, low, high, context);
      case YARN -> yarn;
      case LONGROPE -> longRope;
    };
  }

  private double attention(double factor, int context) {
    boolean longRope = kind == RopeScalingKind.LONGROPE;
    table.require(
        !longRope || context > 1,
        CONTEXT,
        "must be at least 2 with model.ropeScaling = \"longrope\"");
    double derived =
        longRope ? LongRope.attentionFactor(factor, context) : YarnRope.attentionFactor(factor);
    return table
        .onlyIf(longRope || kind == RopeScalingKind.YARN, ignored)
        .single(
            ATTENTION,
            Range.POSITIVE,
            Default.derived(
                derived,
                "yarn: 0.1 ln(factor) + 1; longrope: sqrt(1 + ln(factor) / ln(original context))"));
  }

  private YarnRope yarn(double factor, int context, double attention) {
    boolean yarn = kind == RopeScalingKind.YARN;
    Table own = table.onlyIf(yarn, ignored);
    double fast = own.single("ropeBetaFast", Range.POSITIVE, Default.of(32.0));
    double slow = own.single("ropeBetaSlow", Range.POSITIVE, Default.of(1.0));
    boolean truncate = own.flag("ropeTruncate", Default.of(true));
    own.require(
        slow <= fast,
        "ropeBetaSlow",
        "must be at most model.ropeBetaFast (" + Toml.write(fast) + ")");
    table.require(
        !yarn || theta > 1, "ropeTheta", "must be above 1 with model.ropeScaling = \"yarn\"");
    return new YarnRope(factor, context, attention, fast, slow, truncate);
  }

  private LongRope longRope(double factor, int context, double attention) {
    boolean longRope = kind == RopeScalingKind.LONGROPE;
    return new LongRope(
        factors("ropeShortFactors", longRope),
        factors("ropeLongFactors", longRope),
        factor,
        context,
        attention,
        false);
  }

  private List<Double> factors(String key, boolean longRope) {
    List<Double> factors =
        table
            .onlyIf(longRope, ignored)
            .numbers(
                key,
                Range.POSITIVE,
                new Default<>(null, "required with longrope, or the checkpoint's", List.of(1.0)));
    table.require(
        !longRope || factors.size() == headSize / 2,
        key,
        "must be " + headSize / 2 + " numbers, one for every pair of a head's elements");
    return factors;
  }
}
