package ringattention.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The {@code config.json} of a Hugging Face Llama, as transformers 4 writes it (rope_theta,
 * rope_scaling) and as transformers 5 does (rope_parameters): the values of section {@code [model]}
 * it stands for. Fields it leaves out have the defaults of transformers' LlamaConfig.
 */
final class HuggingFaceConfig {
  private static final String FILE = "config.json";
  private static final int LARGEST = 16; // MiB

  private final Function<String, InputException> error;
  private final JsonNode root;
  private final Map<String, Given> values = new LinkedHashMap<>();

  /**
   * One value of the file.
   *
   * @param field its name there
   */
  record Given(String field, Object value) {}

  /**
   * @param error the exception for a problem with this folder
   */
  HuggingFaceConfig(Path folder, Function<String, InputException> error) {
    this.error = error;
    this.root = parse(folder);
    requireLlama();
    sizes();
    give("normEpsilon", "rms_norm_eps", number(root, "", "rms_norm_eps").orElse(1e-6));
    rope();
    give("tied", "tie_word_embeddings", flag("tie_word_embeddings"));
    number(root, "", "initializer_range")
        .ifPresent(deviation -> give("initStd", "initializer_range", deviation));
  }

  /** By key of the section, without {@code model.}. */
  Map<String, Given> values() {
    return values;
  }

  private JsonNode parse(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw error.apply("no such folder");
    }
    try {
      JsonNode parsed =
          new ObjectMapper().readTree(BoundedFile.bytes(folder.resolve(FILE), LARGEST));
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

  private void requireLlama() {
    requireText("model_type", "", "llama");
    requireText("hidden_act", "silu", "silu");
    for (String bias : new String[] {"attention_bias", "mlp_bias"}) {
      if (flag(bias)) {
        throw problem(bias + " = true: not supported, must be false");
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
    give("vocabulary", "vocab_size", requiredInteger(root, "", "vocab_size", Range.atLeast(256)));
    int hidden = requiredInteger(root, "", "hidden_size", Range.between(2, 1 << 20));
    give("hidden", "hidden_size", hidden);
    give(
        "layers",
        "num_hidden_layers",
        requiredInteger(root, "", "num_hidden_layers", ModelConfig.LAYERS));
    int heads = requiredInteger(root, "", "num_attention_heads", ModelConfig.HEADS);
    give("heads", "num_attention_heads", heads);
    int groups = integer(root, "", "num_key_value_heads", Range.atLeast(1)).orElse(heads);
    if (heads % groups != 0) {
      throw problem("num_key_value_heads = " + groups + ": must divide num_attention_heads");
    }
    give("keyValueHeads", "num_key_value_heads", groups);
    Optional<Integer> headSize = integer(root, "", "head_dim", Range.atLeast(2));
    if (headSize.isEmpty() && hidden % heads != 0) {
      throw problem("num_attention_heads = " + heads + ": must divide hidden_size");
    }
    int size = headSize.orElse(hidden / heads);
    if (size < 2 || size % 2 != 0) {
      throw problem("head_dim = " + size + ": must be even");
    }
    give("headSize", "head_dim", size);
    give("feedForward", "intermediate_size", requiredInteger("intermediate_size"));
  }

  /** Where both forms are there, transformers 5 prefers rope_scaling; so does this. */
  private void rope() {
    String name = present(root, "rope_scaling") ? "rope_scaling" : "rope_parameters";
    JsonNode rope = present(root, name) ? root.get(name) : MissingNode.getInstance();
    String in = name + ".";
    if (!rope.isObject() && !rope.isMissingNode()) {
      throw problem(name + ": must be an object");
    }
    double theta =
        number(rope, in, "rope_theta").or(() -> number(root, "", "rope_theta")).orElse(10000.0);
    String typeField = present(rope, "rope_type") ? "rope_type" : "type"; // type: older files
    String type = present(rope, typeField) ? rope.get(typeField).asText() : "default";
    RopeScaling none = RopeScaling.NONE;
    RopeScaling scaling =
        switch (type) {
          case "default" -> none;
          case "linear" ->
              new RopeScaling(
                  RopeScalingKind.LINEAR,
                  required(number(rope, in, "factor"), in + "factor"),
                  none.lowFrequencyFactor(),
                  none.highFrequencyFactor(),
                  none.originalContext());
          case "llama3" -> llama3(rope, in);
          default ->
              throw problem(
                  in
                      + typeField
                      + " = "
                      + Toml.brief(type)
                      + ": not supported, must be \"default\" or \"linear\" or \"llama3\"");
        };
    give("ropeTheta", "rope_theta", theta);
    give("ropeScaling", in + "rope_type", scaling.kind().toString());
    give("ropeFactor", in + "factor", scaling.factor());
    give("ropeLowFrequency", in + "low_freq_factor", scaling.lowFrequencyFactor());
    give("ropeHighFrequency", in + "high_freq_factor", scaling.highFrequencyFactor());
    give("ropeOriginalContext", in + "original_max_position_embeddings", scaling.originalContext());
  }

  private RopeScaling llama3(JsonNode rope, String in) {
    RopeScaling scaling =
        new RopeScaling(
            RopeScalingKind.LLAMA3,
            required(number(rope, in, "factor"), in + "factor"),
            required(number(rope, in, "low_freq_factor"), in + "low_freq_factor"),
            required(number(rope, in, "high_freq_factor"), in + "high_freq_factor"),
            requiredInteger(rope, in, "original_max_position_embeddings", Range.atLeast(1)));
    if (scaling.highFrequencyFactor() <= scaling.lowFrequencyFactor()) {
      throw problem(
          in
              + "high_freq_factor = "
              + scaling.highFrequencyFactor()
              + ": must be above low_freq_factor ("
              + scaling.lowFrequencyFactor()
              + ")");
    }
    return scaling;
  }

  private void give(String key, String field, Object value) {
    values.put(key, new Given(field, value));
  }

  private int requiredInteger(String field) {
    return requiredInteger(root, "", field, Range.atLeast(1));
  }

  private int requiredInteger(JsonNode node, String in, String field, Range range) {
    return required(integer(node, in, field, range), in + field);
  }

  private <T> T required(Optional<T> value, String field) {
    return value.orElseThrow(() -> problem(field + " is missing"));
  }

  private Optional<Integer> integer(JsonNode node, String in, String field, Range range) {
    if (!present(node, field)) {
      return Optional.empty();
    }
    JsonNode value = node.get(field);
    boolean whole = value.isIntegralNumber() && value.canConvertToInt();
    if (!whole || !range.accepts().test(value.intValue())) {
      throw problem(in + field + " = " + value + ": must be a whole number, " + range.text());
    }
    return Optional.of(value.intValue());
  }

  /** A number above 0. */
  private Optional<Double> number(JsonNode node, String in, String field) {
    if (!present(node, field)) {
      return Optional.empty();
    }
    JsonNode value = node.get(field);
    if (!value.isNumber() || !(value.doubleValue() > 0) || Double.isInfinite(value.doubleValue())) {
      throw problem(in + field + " = " + value + ": must be a number, above 0");
    }
    return Optional.of(value.doubleValue());
  }

  private boolean flag(String field) {
    if (!present(root, field)) {
      return false;
    }
    if (!root.get(field).isBoolean()) {
      throw problem(field + " = " + root.get(field) + ": must be true or false");
    }
    return root.get(field).booleanValue();
  }

  private static boolean present(JsonNode node, String field) {
    return node.hasNonNull(field);
  }

  private InputException problem(String text) {
    return error.apply(FILE + ": " + text);
  }
}
