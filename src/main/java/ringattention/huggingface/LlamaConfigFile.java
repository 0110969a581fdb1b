package ringattention.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import ringattention.input.InputException;
import ringattention.model.ModelConfig;

/**
 * The {@code config.json} of a trained model, for transformers 4 and 5: both take what they do not
 * know.
 */
public final class LlamaConfigFile {
  static final String NAME = "config.json";

  private static final String POSITIONS = "max_position_embeddings";
  private static final String[] MARKS = {"bos_token_id", "eos_token_id", "pad_token_id"};

  /** What transformers takes for a model whose config.json has none. */
  private static final long DEFAULT_POSITIONS = 2048;

  /** Transformers 5 opens no Llama with more. */
  private static final double LARGEST_RANGE = 1;

  private final Map<String, Object> fields = new LinkedHashMap<>();

  /**
   * @param positions one more than the last position it was trained on
   * @throws InputException if the config.json of the model's checkpoint cannot be read
   */
  LlamaConfigFile(ModelConfig model, StoredType type, long positions) {
    fields.put("architectures", new String[] {"LlamaForCausalLM"});
    fields.put("model_type", "llama");
    fields.put("vocab_size", model.vocabulary());
    fields.put("hidden_size", model.hidden());
    fields.put("intermediate_size", model.feedForward());
    fields.put("num_hidden_layers", model.layers());
    fields.put("num_attention_heads", model.heads().query());
    fields.put("num_key_value_heads", model.heads().keyValue());
    fields.put("head_dim", model.heads().size());
    fields.put("hidden_act", "silu");
    fields.put("attention_bias", false);
    fields.put("mlp_bias", false);
    fields.put("rms_norm_eps", model.normEpsilon());
    fields.put("initializer_range", Math.min(model.initStd(), LARGEST_RANGE));
    fields.put("tie_word_embeddings", model.tied());
    RopeExport.put(fields, model.ropeTheta(), model.ropeScaling());
    fields.put("torch_dtype", type == StoredType.BF16 ? "bfloat16" : "float32");
    fields.put(POSITIONS, Math.max(positions, RopeExport.reach(model)));
    for (String mark : MARKS) {
      fields.put(mark, null); // transformers' own defaults are those of another tokenizer
    }
    model.checkpoint().ifPresent(this::inherit);
  }

  /**
   * Takes over what training does not change of the model it started from. A mark that it leaves
   * out is left out again, for then it has a default.
   */
  private void inherit(Path folder) {
    Path file = folder.resolve(NAME);
    try {
      JsonNode origin = new ObjectMapper().readTree(file.toFile());
      for (String mark : MARKS) {
        if (origin.has(mark)) {
          fields.put(mark, origin.get(mark));
        } else {
          fields.remove(mark);
        }
      }
      JsonNode positions = origin.path(POSITIONS);
      if (origin.hasNonNull(POSITIONS)
          && !(positions.isIntegralNumber() && positions.canConvertToLong())) {
        throw new InputException(file + ": " + POSITIONS + ": must be a whole number");
      }
      long before = positions.asLong(DEFAULT_POSITIONS);
      fields.merge(POSITIONS, before, (own, other) -> Math.max((long) own, (long) other));
    } catch (IOException e) {
      throw new InputException(file + ": cannot be read: must be a readable file");
    }
  }

  byte[] bytes() throws IOException {
    return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(fields);
  }
}
