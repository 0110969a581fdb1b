package ringattention.huggingface;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import ringattention.model.ModelConfig;
import ringattention.model.TrajectoryModel;

/**
 * The {@code config.json} of a model of trajectories. Transformers has no such model, so its type
 * is this program's own; what both have is named as transformers names it.
 */
final class TrajectoryConfigFile {
  static final String TYPE = "ringattention_trajectories";

  private TrajectoryConfigFile() {}

  /**
   * @param model of trajectories
   * @param type of the weights
   * @param positions one more than the last position it was trained on
   */
  static byte[] bytes(ModelConfig model, StoredType type, long positions)
      throws JsonProcessingException {
    TrajectoryModel steps = model.trajectories().orElseThrow();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("model_type", TYPE);
    fields.put("state_size", steps.stateSize());
    fields.put("action_size", steps.actionSize());
    fields.put("episode_steps", steps.episodeSteps());
    fields.put("features", steps.features());
    fields.put("hidden_size", model.hidden());
    fields.put("intermediate_size", model.feedForward());
    fields.put("num_hidden_layers", model.layers());
    fields.put("num_attention_heads", model.heads().query());
    fields.put("num_key_value_heads", model.heads().keyValue());
    fields.put("head_dim", model.heads().size());
    fields.put("hidden_act", "silu");
    fields.put("query_key_value_bias", model.details().queryKeyValueBias());
    fields.put("query_key_norm", model.details().queryKeyNorm());
    fields.put("rms_norm_eps", model.normEpsilon());
    RopeExport.put(fields, model.ropeTheta(), model.ropeScaling());
    fields.put("max_position_embeddings", positions);
    fields.put("dtype", type.torch());
    return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(fields);
  }
}
