package ringattention.huggingface;

import static ringattention.huggingface.HuggingFaceConfig.plain;
import static ringattention.huggingface.HuggingFaceConfig.present;
import static ringattention.huggingface.HuggingFaceConfig.value;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import ringattention.input.InputException;
import ringattention.input.Lender.Given;
import ringattention.input.Toml;
import ringattention.model.LongRope;
import ringattention.model.YarnRope;

/**
 * The rotary fields of a config.json. Follows transformers 5: of the two forms rope_scaling counts,
 * unless it is null or empty. Then nothing of rope_parameters does, its rope_theta included. A
 * rope_theta inside the form that counts precedes the one beside it.
 */
final class RopeFields {
  static final String THETA = "rope_theta";
  static final String TYPE = "rope_type";
  static final String FACTOR = "factor";
  static final String LOW = "low_freq_factor";
  static final String HIGH = "high_freq_factor";
  static final String ORIGINAL = "original_max_position_embeddings";
  static final String ATTENTION = "attention_factor";
  static final String BETA_FAST = "beta_fast";
  static final String BETA_SLOW = "beta_slow";
  static final String TRUNCATE = "truncate";
  static final String SHORT = "short_factor";
  static final String LONG = "long_factor";
  static final String POSITIONS = "max_position_embeddings";
  static final String SCALING_FORM = "rope_scaling";
  static final String PARAMETERS_FORM = "rope_parameters";

  private static final String OLD_TYPE = "type"; // of older files
  private static final String PARTIAL = "partial_rotary_factor";
  private static final String WEIGHT = "mscale";
  private static final String WEIGHT_OF_ALL = "mscale_all_dim";
  private static final String SCALING_KEY = "ropeScaling";
  private static final String FACTOR_KEY = "ropeFactor";
  private static final String ATTENTION_KEY = "ropeAttentionFactor";
  private static final Set<String> WITH_CONTEXT = Set.of("llama3", "yarn", "longrope");

  private final JsonNode root;
  private final int positions;
  private final JsonNode rope;
  private final String in;
  private final String typeField;
  private final String type;
  private final Function<String, InputException> problem;

  /**
   * @param positions that the model has where the file says nothing of them
   * @param problem makes the exception for what is wrong in the file
   * @throws InputException if there is no one rotary embedding of whole heads
   */
  RopeFields(JsonNode root, int positions, Function<String, InputException> problem) {
    this.root = root;
    this.positions = positions;
    this.problem = problem;
    String name = filled(SCALING_FORM) ? SCALING_FORM : PARAMETERS_FORM;
    this.rope = filled(name) ? root.get(name) : MissingNode.getInstance();
    this.in = name + ".";
    if (!rope.isObject() && !rope.isMissingNode()) {
      throw problem.apply(name + ": must be an object");
    }
    requireFlat();
    requireWholeHeads(rope, in);
    requireWholeHeads(root, "");
    this.typeField = !present(rope, TYPE) && present(rope, OLD_TYPE) ? OLD_TYPE : TYPE;
    this.type = present(rope, typeField) ? rope.get(typeField).asText() : "default";
  }

  /**
   * Returns the rotary keys. Where the input has another kind of scaling, what the file says of its
   * own kind is none of it.
   *
   * @param own what the input says, by key
   */
  Map<String, Given> values(Map<String, Object> own) {
    Map<String, Given> values = new LinkedHashMap<>();
    boolean inside = present(rope, THETA);
    Object theta = value(inside ? rope : root, THETA, 10000.0);
    values.put("ropeTheta", new Given(inside ? in + THETA : THETA, theta));
    values.put(SCALING_KEY, new Given(in + typeField, type));
    Object kind = own.getOrDefault(SCALING_KEY, type);
    if (kind.equals(type)) {
      scaling(values, own.get(FACTOR_KEY));
    }
    if (kind instanceof String name && WITH_CONTEXT.contains(name)) {
      values.put("ropeOriginalContext", originalContext());
    }
    return values;
  }

  /**
   * @param ownFactor of the input; null if it says none
   */
  private void scaling(Map<String, Given> values, Object ownFactor) {
    switch (type) {
      case "default", "dynamic" -> {} // the latter is refused where the key is read
      case "linear" -> values.put(FACTOR_KEY, required(FACTOR));
      case "llama3" -> llama3(values);
      case "yarn" -> yarn(values, ownFactor);
      case "longrope" -> longRope(values);
      default ->
          throw problem.apply(
              in
                  + typeField
                  + " = "
                  + Toml.brief(type)
                  + ": not supported, must be \"default\" or \"linear\" or \"llama3\" or \"yarn\""
                  + " or \"longrope\"");
    }
  }

  /**
   * Returns a line where a yarn factor is not the ratio of the contexts that the file gives:
   * transformers takes the factor too, with a warning.
   *
   * @param own what the input says, by key
   */
  List<String> remarks(Map<String, Object> own) {
    boolean given = present(rope, FACTOR) && (present(rope, ORIGINAL) || present(root, ORIGINAL));
    if (!type.equals("yarn")
        || !given
        || own.containsKey(FACTOR_KEY)
        || own.containsKey(SCALING_KEY)) {
      return List.of();
    }
    double factor = number(plain(rope.get(FACTOR)));
    double now = number(value(root, POSITIONS, positions));
    double before = number(originalContext().value());
    return factor <= 0 || before <= 0 || factor == now / before
        ? List.of()
        : List.of(
            String.format(
                Locale.ROOT,
                "rotary embedding: %s = %s of config.json counts, not %s / %s = %.6g",
                in + FACTOR,
                rope.get(FACTOR),
                POSITIONS,
                ORIGINAL,
                now / before));
  }

  private void llama3(Map<String, Given> values) {
    values.put(FACTOR_KEY, required(FACTOR));
    values.put("ropeLowFrequency", required(LOW));
    values.put("ropeHighFrequency", required(HIGH));
    JsonNode low = rope.get(LOW);
    JsonNode high = rope.get(HIGH);
    if (low.isNumber() && high.isNumber() && high.doubleValue() <= low.doubleValue()) {
      throw problem.apply(in + HIGH + " = " + high + ": must be above " + LOW + " (" + low + ")");
    }
  }

  private void yarn(Map<String, Given> values, Object ownFactor) {
    Given factor = rope.has(FACTOR) ? factor() : required(FACTOR);
    values.put(FACTOR_KEY, factor);
    boolean weighted = truthy(WEIGHT) && truthy(WEIGHT_OF_ALL);
    if (isOther(ATTENTION, yarnMagnitude(factor.value(), weighted))) {
      values.put(ATTENTION_KEY, required(ATTENTION));
    } else if (weighted) {
      Object used = ownFactor == null ? factor.value() : ownFactor;
      values.put(ATTENTION_KEY, new Given(in + WEIGHT, yarnMagnitude(used, true)));
    }
    if (truthy(BETA_FAST)) {
      values.put("ropeBetaFast", required(BETA_FAST));
    }
    if (truthy(BETA_SLOW)) {
      values.put("ropeBetaSlow", required(BETA_SLOW));
    }
    if (rope.has(TRUNCATE)) {
      Object truncate = value(rope, TRUNCATE, false); // null is false, as in Python
      values.put("ropeTruncate", new Given(in + TRUNCATE, truncate));
    }
  }

  /** Returns what transformers makes of a file without attention_factor. */
  private double yarnMagnitude(Object factor, boolean weighted) {
    double number = number(factor);
    return weighted
        ? YarnRope.attentionFactor(number, rope.get(WEIGHT).asDouble())
            / YarnRope.attentionFactor(number, rope.get(WEIGHT_OF_ALL).asDouble())
        : YarnRope.attentionFactor(number);
  }

  private void longRope(Map<String, Given> values) {
    Given factor = factor();
    values.put(FACTOR_KEY, factor);
    values.put("ropeShortFactors", required(SHORT));
    values.put("ropeLongFactors", required(LONG));
    int context = (int) number(originalContext().value());
    if (isOther(ATTENTION, LongRope.attentionFactor(number(factor.value()), context))) {
      values.put(ATTENTION_KEY, required(ATTENTION));
    }
  }

  /**
   * Whether a field has a value other than the one that goes with the factor. One that has just
   * that value is not taken: another factor of the input would keep it.
   */
  private boolean isOther(String field, double otherwise) {
    return present(rope, field)
        && !(rope.get(field).isNumber() && rope.get(field).doubleValue() == otherwise);
  }

  /** Returns the factor, or how much longer the context is than it was. */
  private Given factor() {
    if (present(rope, FACTOR)) {
      return required(FACTOR);
    }
    double before = number(originalContext().value());
    double now = number(value(root, POSITIONS, positions));
    return new Given(POSITIONS, before > 0 && now > 0 ? now / before : 1.0);
  }

  /**
   * Returns the context that the model was first trained on. transformers 5 prefers the field
   * beside rope_scaling, and takes max_position_embeddings for a missing one; with linear scaling
   * that is the extended context.
   */
  Given originalContext() {
    if (present(root, ORIGINAL)) {
      return new Given(ORIGINAL, plain(root.get(ORIGINAL)));
    }
    if (present(rope, ORIGINAL)) {
      return new Given(in + ORIGINAL, plain(rope.get(ORIGINAL)));
    }
    Object context = value(root, POSITIONS, positions);
    double factor = type.equals("linear") ? number(value(rope, FACTOR, 1)) : 1;
    if (context instanceof Integer extended && factor > 0 && factor != 1) {
      context = (int) Math.max(1, Math.round(extended / factor));
    }
    return new Given(POSITIONS, context);
  }

  private Given required(String field) {
    if (!present(rope, field)) {
      throw problem.apply(in + field + " is missing");
    }
    return new Given(in + field, plain(rope.get(field)));
  }

  /** Returns a number, or 0 for what is none: that is refused where its key is read. */
  private static double number(Object value) {
    return value instanceof Number number ? number.doubleValue() : 0;
  }

  /** Whether a field is what counts as true in Python, so that no default stands for it. */
  private boolean truthy(String field) {
    return present(rope, field)
        && !(rope.get(field).isNumber() && rope.get(field).doubleValue() == 0);
  }

  /** Refuses one form for each type of layer: a Llama has one for all, and would ignore it. */
  private void requireFlat() {
    rope.fields()
        .forEachRemaining(
            entry -> {
              if (entry.getValue().isObject()) {
                throw problem.apply(in + entry.getKey() + ": must not be an object");
              }
            });
  }

  private void requireWholeHeads(JsonNode node, String where) {
    if (present(node, PARTIAL) && node.get(PARTIAL).asDouble() != 1) {
      String brief = Toml.brief(plain(node.get(PARTIAL)));
      throw problem.apply(where + PARTIAL + " = " + brief + ": not supported, must be 1");
    }
  }

  /** Whether there is more than null or an empty object. */
  private boolean filled(String field) {
    return present(root, field) && !(root.get(field).isObject() && root.get(field).isEmpty());
  }
}
