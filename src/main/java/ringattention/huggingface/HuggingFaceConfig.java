package ringattention.huggingface;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import ringattention.input.BoundedFile;
import ringattention.input.InputException;
import ringattention.input.Lender;
import ringattention.input.Toml;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;

/**
 * The {@code config.json} of a Hugging Face Llama, as transformers 4 writes it (rope_theta,
 * rope_scaling) and as transformers 5 does (rope_parameters): the values of section {@code [model]}
 * it stands for. Fields it leaves out have the defaults of transformers' LlamaConfig. What values a
 * key takes is said by {@link ModelConfig}, which reads them like those of an input; here stand
 * only what fields say together, and fields that have no key.
 */
public final class HuggingFaceConfig implements Lender {
  private static final String FILE = "config.json";
  private static final int LARGEST = 16; // MiB

  private static final String HEADS = "num_attention_heads";
  private static final String KEY_VALUE_HEADS = "num_key_value_heads";
  private static final String HEAD_SIZE = "head_dim";
  private static final String TIED = "tie_word_embeddings";
  private static final String DEVIATION = "initializer_range";
  private static final String THETA = "rope_theta";
  private static final String TYPE = "rope_type";
  private static final String FACTOR = "factor";
  private static final String LOW = "low_freq_factor";
  private static final String HIGH = "high_freq_factor";
  private static final String POSITIONS = "max_position_embeddings";
  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final String PARTIAL = "partial_rotary_factor";

  /** The context of a file that leaves it out, in tokens. */
  private static final int DEFAULT_POSITIONS = 2048;

  private static final JsonNode NOTHING = MissingNode.getInstance();

  private final Function<String, InputException> error;
  private final JsonNode root;
  private final Map<String, Given> values = new LinkedHashMap<>();

  /**
   * @param error the exception for a problem with this folder
   */
  public HuggingFaceConfig(Path folder, Function<String, InputException> error) {
    this.error = error;
    this.root = parse(folder);
    requireLlama();
    sizes();
    give("normEpsilon", "rms_norm_eps", 1e-6);
    rope();
    give("tied", TIED, false);
    if (present(root, DEVIATION)) {
      put("initStd", DEVIATION, plain(root.get(DEVIATION)));
    }
  }

  @Override
  public Map<String, Given> values() {
    return values;
  }

  @Override
  public String file() {
    return FILE;
  }

  private JsonNode parse(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw error.apply("no such folder");
    }
    try {
      JsonNode parsed =
          new ObjectMapper()
              .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
              .readTree(BoundedFile.bytes(folder.resolve(FILE), LARGEST));
      if (!parsed.isObject()) {
        throw problem("must be a JSON object");
      }
      return parsed;
    } catch (JacksonException syntax) {
      int line = syntax.getLocation() == null ? 1 : syntax.getLocation().getLineNr();
      throw problem("line " + line + ": not valid JSON");
    } catch (NoSuchFileException missing) {
      throw problem("no such file");
    } catch (BoundedFile.TooLargeException large) {
      throw problem(large.getMessage());
    } catch (IOException unreadable) {
      throw problem("cannot be read: must be a readable file");
    }
  }

  /** Refuses what another model is, or what changes how weights are stored or found. */
  private void requireLlama() {
    requireText("model_type", "", "llama");
    requireText("hidden_act", "silu", "silu");
    for (String bias : new String[] {"attention_bias", "mlp_bias"}) {
      if (present(root, bias) && !root.get(bias).equals(BooleanNode.FALSE)) {
        throw unsupported(bias, root.get(bias), "false");
      }
    }
    for (String field : new String[] {"quantization_config", "transformers_weights"}) {
      if (present(root, field)) {
        throw unsupported(field, root.get(field), "null");
      }
    }
  }

  private void requireText(String field, String otherwise, String allowed) {
    String value = present(root, field) ? root.get(field).asText() : otherwise;
    if (!value.equals(allowed)) {
      throw problem(field + " = " + Toml.brief(value) + ": must be " + Toml.write(allowed));
    }
  }

  private void sizes() {
    giveRequired("vocabulary", root, "", "vocab_size");
    giveRequired("hidden", root, "", "hidden_size");
    giveRequired("layers", root, "", "num_hidden_layers");
    giveRequired("heads", root, "", HEADS);
    give("keyValueHeads", KEY_VALUE_HEADS, plain(root.get(HEADS)));
    int heads = positive(HEADS);
    int groups = present(root, KEY_VALUE_HEADS) ? positive(KEY_VALUE_HEADS) : heads;
    if (heads > 0 && groups > 0 && heads % groups != 0) {
      throw problem(KEY_VALUE_HEADS + " = " + groups + ": must divide " + HEADS);
    }
    headSize(heads, positive("hidden_size"));
    giveRequired("feedForward", root, "", "intermediate_size");
  }

  /**
   * @param heads or 0 if the file says no such number
   * @param hidden likewise
   */
  private void headSize(int heads, int hidden) {
    int size = positive(HEAD_SIZE);
    if (!present(root, HEAD_SIZE) && heads > 0 && hidden > 0) {
      if (hidden % heads != 0) {
        throw problem(HEADS + " = " + heads + ": must divide hidden_size");
      }
      size = hidden / heads;
    }
    if (size % 2 != 0) {
      throw problem(HEAD_SIZE + " = " + size + ": must be even");
    }
    give("headSize", HEAD_SIZE, size);
  }

  /**
   * Follows transformers 5: of the two forms rope_scaling counts, unless it is null or empty. Then
   * nothing of rope_parameters does, its rope_theta included. A rope_theta inside the form that
   * counts precedes the one beside it.
   */
  private void rope() {
    String name = filled("rope_scaling") ? "rope_scaling" : "rope_parameters";
    JsonNode rope = filled(name) ? root.get(name) : NOTHING;
    String in = name + ".";
    if (!rope.isObject() && !rope.isMissingNode()) {
      throw problem(name + ": must be an object");
    }
    requireFlat(rope, in);
    requireWholeHeads(rope, in);
    requireWholeHeads(root, "");
    String typeField = present(rope, TYPE) ? TYPE : "type"; // type: older files
    String type = present(rope, typeField) ? rope.get(typeField).asText() : "default";
    boolean inside = present(rope, THETA);
    put("ropeTheta", inside ? in + THETA : THETA, value(inside ? rope : root, THETA, 10000.0));
    put("ropeScaling", in + TYPE, type);
    RopeScaling none = RopeScaling.NONE;
    switch (type) {
      case "default" -> put("ropeFactor", in + FACTOR, none.factor()); // one that is there is moot
      case "linear", "llama3" -> giveRequired("ropeFactor", rope, in, FACTOR);
      default ->
          throw problem(
              in
                  + typeField
                  + " = "
                  + Toml.brief(type)
                  + ": not supported, must be \"default\" or \"linear\" or \"llama3\"");
    }
    if (type.equals("llama3")) {
      llama3(rope, in);
    } else {
      put("ropeLowFrequency", in + LOW, none.lowFrequencyFactor());
      put("ropeHighFrequency", in + HIGH, none.highFrequencyFactor());
      put("ropeOriginalContext", in + ORIGINAL, none.originalContext());
    }
  }

  private void llama3(JsonNode rope, String in) {
    giveRequired("ropeLowFrequency", rope, in, LOW);
    giveRequired("ropeHighFrequency", rope, in, HIGH);
    JsonNode low = rope.get(LOW);
    JsonNode high = rope.get(HIGH);
    if (low.isNumber() && high.isNumber() && high.doubleValue() <= low.doubleValue()) {
      throw problem(in + HIGH + " = " + high + ": must be above " + LOW + " (" + low + ")");
    }
    // transformers 5 prefers the one beside rope_scaling, and takes the context for a missing one
    if (present(root, ORIGINAL)) {
      put("ropeOriginalContext", ORIGINAL, plain(root.get(ORIGINAL)));
    } else if (present(rope, ORIGINAL)) {
      put("ropeOriginalContext", in + ORIGINAL, plain(rope.get(ORIGINAL)));
    } else {
      put("ropeOriginalContext", POSITIONS, value(root, POSITIONS, DEFAULT_POSITIONS));
    }
  }

  /** Refuses one form for each type of layer: a Llama has one for all, and would ignore it. */
  private void requireFlat(JsonNode rope, String in) {
    rope.fields()
        .forEachRemaining(
            entry -> {
              if (entry.getValue().isObject()) {
                throw problem(in + entry.getKey() + ": must not be an object");
              }
            });
  }

  private void requireWholeHeads(JsonNode node, String in) {
    if (present(node, PARTIAL) && node.get(PARTIAL).asDouble() != 1) {
      throw unsupported(in + PARTIAL, node.get(PARTIAL), "1");
    }
  }

  /** Takes a field of the file itself, or its default. */
  private void give(String key, String field, Object otherwise) {
    put(key, field, value(root, field, otherwise));
  }

  private void giveRequired(String key, JsonNode node, String in, String field) {
    if (!present(node, field)) {
      throw problem(in + field + " is missing");
    }
    put(key, in + field, plain(node.get(field)));
  }

  private void put(String key, String field, Object value) {
    values.put(key, new Given(field, value));
  }

  private static Object value(JsonNode node, String field, Object otherwise) {
    return present(node, field) ? plain(node.get(field)) : otherwise;
  }

  /** Returns a value as TOML would have it; what TOML has not stays JSON, which no key takes. */
  private static Object plain(JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToInt()) {
      return value.intValue();
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    return value.isNumber() ? value.numberValue() : value;
  }

  /** Returns a whole number above 0, or 0 if the file has none such there. */
  private int positive(String field) {
    return value(root, field, 0) instanceof Integer number ? Math.max(0, number) : 0;
  }

  private static boolean present(JsonNode node, String field) {
    return node.hasNonNull(field);
  }

  /** Whether there is more than null or an empty object. */
  private boolean filled(String field) {
    return present(root, field) && !(root.get(field).isObject() && root.get(field).isEmpty());
  }

  private InputException unsupported(String field, JsonNode value, String allowed) {
    String brief = Toml.brief(plain(value));
    return problem(field + " = " + brief + ": not supported, must be " + allowed);
  }

  private InputException problem(String text) {
    return error.apply(FILE + ": " + text);
  }
}
