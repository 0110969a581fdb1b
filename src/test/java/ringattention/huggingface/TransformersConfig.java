package ringattention.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import ringattention.device.HeadCounts;
import ringattention.model.AttentionDetails;
import ringattention.model.LinearRope;
import ringattention.model.Llama3Rope;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;
import ringattention.model.YarnRope;

/**
 * What transformers 5.18 makes of the config.json of a Llama: its rules, written down from its
 * source (LlamaConfig, RotaryEmbeddingConfigMixin, LlamaForCausalLM) and compared with what it
 * answers for random files. Nothing here is the program's.
 */
record TransformersConfig(JsonNode root) {
  static TransformersConfig of(Path folder) {
    try {
      return new TransformersConfig(
          new ObjectMapper().readTree(Files.readString(folder.resolve("config.json"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether LlamaConfig's own checks let it pass. */
  boolean opens() {
    return whole("hidden_size", 4096) % whole("num_attention_heads", 32) == 0
        && root.path("initializer_range").asDouble(0.02) <= 1
        && (!root.has("rms_norm_eps") || root.get("rms_norm_eps").isFloatingPointNumber());
  }

  long positions() {
    return root.path("max_position_embeddings").asLong(2048);
  }

  /** The model, with what it does not use as it is without scaling. */
  ModelConfig model(Path checkpoint) {
    int heads = whole("num_attention_heads", 32);
    int hidden = whole("hidden_size", 4096);
    ObjectNode rope = ropeParameters();
    return new ModelConfig(
        whole("vocab_size", 32000),
        hidden,
        whole("num_hidden_layers", 32),
        new HeadCounts(
            heads, whole("num_key_value_heads", heads), whole("head_dim", hidden / heads)),
        whole("intermediate_size", 11008),
        rope.get("rope_theta").asDouble(),
        scaling(rope),
        root.path("rms_norm_eps").asDouble(1e-6),
        root.path("tie_word_embeddings").asBoolean(false),
        root.path("initializer_range").asDouble(0.02),
        details(),
        Optional.of(checkpoint));
  }

  /** As Mistral, Qwen2 and Qwen3 are made; their other defaults are not asked for here. */
  private AttentionDetails details() {
    String type = root.get("model_type").asText();
    boolean window = type.equals("mistral") || root.path("use_sliding_window").asBoolean(false);
    return new AttentionDetails(
        type.equals("qwen2"),
        type.equals("qwen3"),
        window ? root.path("sliding_window").asInt(0) : 0);
  }

  private int whole(String field, int otherwise) {
    return root.path(field).asInt(otherwise); // of null, too
  }

  /** As convert_rope_params_to_dict and standardize_rope_params do it. */
  private ObjectNode ropeParameters() {
    ObjectNode rope = new ObjectMapper().createObjectNode();
    for (String form : new String[] {"rope_scaling", "rope_parameters"}) { // a or b, of Python
      if (rope.isEmpty() && root.path(form).isObject()) {
        rope.setAll((ObjectNode) root.get(form));
      }
    }
    if (!rope.has("rope_theta")) {
      rope.put("rope_theta", root.path("rope_theta").asDouble(10000.0));
    }
    if (!rope.has("rope_type")) {
      rope.put("rope_type", rope.path("type").asText("default"));
    }
    String original = "original_max_position_embeddings";
    if (Set.of("llama3", "yarn", "longrope").contains(rope.get("rope_type").asText())) {
      if (root.has(original)) {
        rope.set(original, root.get(original));
      } else if (!rope.has(original)) {
        rope.put(original, positions());
      }
    }
    return rope;
  }

  /** As the functions of ROPE_INIT_FUNCTIONS read their fields. */
  private RopeScaling scaling(ObjectNode rope) {
    return switch (rope.get("rope_type").asText()) {
      case "default" -> RopeScaling.NONE;
      case "linear" -> new LinearRope(rope.get("factor").asDouble());
      case "yarn" -> yarn(rope);
      case "longrope" -> longRope(rope);
      case "llama3" ->
          new Llama3Rope(
              rope.get("factor").asDouble(),
              rope.get("low_freq_factor").asDouble(),
              rope.get("high_freq_factor").asDouble(),
              rope.get("original_max_position_embeddings").asInt());
      default -> throw new IllegalArgumentException(rope.toString());
    };
  }

  private YarnRope yarn(ObjectNode rope) {
    int original = rope.get("original_max_position_embeddings").asInt();
    double factor = factor(rope, original);
    double weight = rope.path("mscale").asDouble(0);
    double all = rope.path("mscale_all_dim").asDouble(0);
    double magnitude =
        weight != 0 && all != 0
            ? weighted(factor, weight) / weighted(factor, all)
            : weighted(factor, 1);
    double fast = rope.path("beta_fast").asDouble(0);
    double slow = rope.path("beta_slow").asDouble(0);
    return new YarnRope(
        factor,
        original,
        rope.path("attention_factor").asDouble(magnitude),
        fast == 0 ? 32 : fast,
        slow == 0 ? 1 : slow,
        rope.has("truncate") ? rope.get("truncate").asBoolean(false) : true);
  }

  private static double weighted(double factor, double weight) {
    return factor <= 1 ? 1.0 : 0.1 * weight * StrictMath.log(factor) + 1.0;
  }

  private LongRope longRope(ObjectNode rope) {
    int original = rope.get("original_max_position_embeddings").asInt();
    double factor = factor(rope, original);
    double magnitude =
        factor <= 1 ? 1.0 : Math.sqrt(1 + StrictMath.log(factor) / StrictMath.log(original));
    return new LongRope(
        numbers(rope.get("short_factor")),
        numbers(rope.get("long_factor")),
        factor,
        original,
        rope.path("attention_factor").asDouble(magnitude),
        false);
  }

  /** The factor, or with null the ratio of both contexts. */
  private double factor(ObjectNode rope, int original) {
    return rope.path("factor").asDouble((double) positions() / original);
  }

  private static List<Double> numbers(JsonNode list) {
    List<Double> numbers = new ArrayList<>();
    list.forEach(number -> numbers.add(number.asDouble()));
    return numbers;
  }

  /** The shapes that LlamaForCausalLM looks for, by name. */
  Map<String, String> shapes() {
    ModelConfig model = model(Path.of(""));
    long queries = model.heads().queryWidth();
    long keys = model.heads().keyValueWidth();
    long hidden = model.hidden();
    Map<String, String> shapes = new TreeMap<>();
    shapes.put("model.embed_tokens.weight", shape(model.vocabulary(), hidden));
    shapes.put("model.norm.weight", shape(hidden));
    if (!model.tied()) {
      shapes.put("lm_head.weight", shape(model.vocabulary(), hidden));
    }
    for (int i = 0; i < model.layers(); i++) {
      String layer = "model.layers." + i + ".";
      shapes.put(layer + "input_layernorm.weight", shape(hidden));
      shapes.put(layer + "post_attention_layernorm.weight", shape(hidden));
      shapes.put(layer + "self_attn.q_proj.weight", shape(queries, hidden));
      shapes.put(layer + "self_attn.k_proj.weight", shape(keys, hidden));
      shapes.put(layer + "self_attn.v_proj.weight", shape(keys, hidden));
      if (model.details().queryKeyValueBias()) {
        shapes.put(layer + "self_attn.q_proj.bias", shape(queries));
        shapes.put(layer + "self_attn.k_proj.bias", shape(keys));
        shapes.put(layer + "self_attn.v_proj.bias", shape(keys));
      }
      if (model.details().queryKeyNorm()) {
        shapes.put(layer + "self_attn.q_norm.weight", shape(model.heads().size()));
        shapes.put(layer + "self_attn.k_norm.weight", shape(model.heads().size()));
      }
      shapes.put(layer + "self_attn.o_proj.weight", shape(hidden, queries));
      shapes.put(layer + "mlp.gate_proj.weight", shape(model.feedForward(), hidden));
      shapes.put(layer + "mlp.up_proj.weight", shape(model.feedForward(), hidden));
      shapes.put(layer + "mlp.down_proj.weight", shape(hidden, model.feedForward()));
    }
    return shapes;
  }

  private static String shape(long... extents) {
    return Arrays.toString(extents);
  }
}
