package ringattention.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import ringattention.input.InputException;
import ringattention.model.ModelConfig;

/**
 * The {@code config.json} of a trained model, for transformers 4 and 5: both take what they do not
 * know. Fields of the config.json it started from that say nothing of what training or the input
 * decide are kept, and so is its {@link Family}.
 */
public final class LlamaConfigFile {
  static final String NAME = "config.json";

  private static final String POSITIONS = "max_position_embeddings";

  /** The type of the weights: its older name, which is always there, and its newer. */
  private static final String TYPE = "torch_dtype";

  private static final String NEWER_TYPE = "dtype"; // transformers takes this one of the two

  /**
   * Not kept of the model it started from: code that would have to lie in the folder, and a rotary
   * field that is written within its form.
   */
  private static final Set<String> LEFT_OUT =
      Set.of("auto_map", "original_max_position_embeddings");

  /** Transformers 5 opens no model with more. */
  private static final double LARGEST_RANGE = 1;

  private final Map<String, Object> fields = new LinkedHashMap<>();
  private final Family family;

  /**
   * @param positions one more than the last position it was trained on
   * @param tokens of its tokenizer; empty: those of the model's checkpoint, if it has one
   * @throws InputException if the config.json of the model's checkpoint cannot be read
   * @throws IllegalArgumentException if no family has such a model: {@link HuggingFaceExport#holds}
   */
  LlamaConfigFile(ModelConfig model, StoredType type, long positions, Optional<SpecialIds> tokens) {
    Optional<JsonNode> origin = model.checkpoint().map(LlamaConfigFile::read);
    this.family =
        origin
            .flatMap(Family::of)
            .or(() -> Family.of(model.details()))
            .orElseThrow(() -> new IllegalArgumentException("no family has " + model.details()));
    fields.put("architectures", new String[] {family.architecture()});
    fields.put("model_type", family.type());
    fields.put("vocab_size", model.vocabulary());
    fields.put("hidden_size", model.hidden());
    fields.put("intermediate_size", model.feedForward());
    fields.put("num_hidden_layers", model.layers());
    fields.put("num_attention_heads", model.heads().query());
    fields.put("num_key_value_heads", model.heads().keyValue());
    fields.put("head_dim", model.heads().size());
    fields.put("hidden_act", "silu");
    if (family.readsAttentionBias()) {
      fields.put("attention_bias", false);
    }
    if (family.readsFeedForwardBias()) {
      fields.put("mlp_bias", false);
    }
    fields.put("rms_norm_eps", model.normEpsilon());
    fields.put("initializer_range", Math.min(model.initStd(), LARGEST_RANGE));
    fields.put("tie_word_embeddings", model.tied());
    RopeExport.put(fields, model.ropeTheta(), model.ropeScaling());
    fields.put(TYPE, type.torch());
    fields.put(POSITIONS, Math.max(positions, RopeExport.reach(model)));
    // where there are none, null: transformers' own defaults are those of another tokenizer
    fields.putAll(tokens.orElse(SpecialIds.NONE).fields());
    if (origin.isPresent()) {
      inherit(origin.get(), model.checkpoint().orElseThrow(), tokens.isEmpty());
    } else {
      WindowFields.put(fields, family, model.details().slidingWindow());
    }
  }

  private static JsonNode read(Path folder) {
    Path file = folder.resolve(NAME);
    try {
      return new ObjectMapper().readTree(file.toFile());
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read: must be a readable file");
    }
  }

  /**
   * Takes over what training does not change of the model it started from, in its order.
   *
   * @param marks whether its special tokens are those of the model. One that it leaves out is left
   *     out again, for then it has a default.
   */
  private void inherit(JsonNode origin, Path folder, boolean marks) {
    JsonNode positions = origin.path(POSITIONS);
    if (origin.hasNonNull(POSITIONS)
        && !(positions.isIntegralNumber() && positions.canConvertToLong())) {
      throw new InputException(
          folder.resolve(NAME) + ": " + POSITIONS + ": must be a whole number");
    }
    long before = positions.asLong(family.positions());
    fields.merge(POSITIONS, before, (own, other) -> Math.max((long) own, (long) other));
    if (marks) {
      SpecialIds.FIELDS.forEach(fields::remove);
    }
    if (origin.has(NEWER_TYPE)) {
      fields.put(NEWER_TYPE, fields.get(TYPE));
    }
    Map<String, Object> own = new LinkedHashMap<>(fields);
    fields.clear();
    origin
        .fields()
        .forEachRemaining(
            field -> {
              String name = field.getKey();
              if (own.containsKey(name)) {
                fields.put(name, own.remove(name));
              } else if (!LEFT_OUT.contains(name)) {
                fields.put(name, field.getValue());
              }
            });
    fields.putAll(own);
  }

  /** Returns the largest number of positions, as the file says it. */
  long positions() {
    return (long) fields.get(POSITIONS);
  }

  /** Returns the special tokens as transformers finds them in the file, by name. */
  Map<String, Object> tokens() {
    Map<String, Object> tokens = family.tokens().fields();
    tokens.replaceAll((name, otherwise) -> fields.containsKey(name) ? fields.get(name) : otherwise);
    return tokens;
  }

  byte[] bytes() throws IOException {
    return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(fields);
  }
}
