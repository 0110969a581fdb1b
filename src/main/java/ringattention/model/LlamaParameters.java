package ringattention.model;

import static ringattention.parallel.Parameter.Initial.ONES;
import static ringattention.parallel.Parameter.Initial.ZEROS;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;

/**
 * Names and shapes of a Llama checkpoint (Hugging Face), and of its relatives, in groups that are
 * gathered together: the embedding, each block, the head. Matrices are [outputs, inputs]. A model
 * of trajectories has the same blocks between an embedding and a head of its own.
 */
public final class LlamaParameters {
  static final String EMBEDDING = "model.embed_tokens.weight"; // [vocabulary, hidden]
  static final String ATTENTION_NORM = "input_layernorm.weight"; // [hidden]
  static final String QUERY = "self_attn.q_proj.weight"; // [heads * headSize, hidden]
  static final String KEY = "self_attn.k_proj.weight"; // [keyValueHeads * headSize, hidden]
  static final String VALUE = "self_attn.v_proj.weight"; // as KEY
  static final String QUERY_BIAS = "self_attn.q_proj.bias"; // [heads * headSize]
  static final String KEY_BIAS = "self_attn.k_proj.bias"; // [keyValueHeads * headSize]
  static final String VALUE_BIAS = "self_attn.v_proj.bias"; // as KEY_BIAS
  static final String QUERY_NORM = "self_attn.q_norm.weight"; // [headSize]
  static final String KEY_NORM = "self_attn.k_norm.weight"; // [headSize]
  static final String ATTENTION_OUTPUT = "self_attn.o_proj.weight"; // [hidden, heads * headSize]
  static final String FEED_FORWARD_NORM = "post_attention_layernorm.weight"; // [hidden]
  static final String GATE = "mlp.gate_proj.weight"; // [feedForward, hidden]
  static final String UP = "mlp.up_proj.weight"; // as GATE
  static final String DOWN = "mlp.down_proj.weight"; // [hidden, feedForward]
  static final String FINAL_NORM = "model.norm.weight"; // [hidden]
  public static final String HEAD = "lm_head.weight"; // [vocabulary, hidden]

  // of trajectories, in place of embedding and head
  static final String STEP_EMBEDDING = "embed_step.weight"; // [episodeSteps, hidden]
  static final String VALUES_EMBEDDING = "embed_values.weight"; // [hidden, features]
  static final String ACTION_HEAD = "action_head.weight"; // [actions, hidden]
  static final String ACTION_BIAS = "action_head.bias"; // [actions]

  /** What tensor ranks have parts of, by the dimension that is cut. */
  private static final List<List<String>> CUT =
      List.of(
          List.of(QUERY, KEY, VALUE, QUERY_BIAS, KEY_BIAS, VALUE_BIAS, GATE, UP),
          List.of(ATTENTION_OUTPUT, DOWN));

  private LlamaParameters() {}

  /**
   * The embedding's group is 0, block b's is 1 + b, the head's is {@link #head}. A tied head is the
   * embedding, and the final norm is in that group too.
   */
  public static List<ParameterGroup> groups(ModelConfig model) {
    List<ParameterGroup> groups = new ArrayList<>();
    Parameter finalNorm = norm(FINAL_NORM, model.hidden());
    List<Parameter> input = input(model);
    if (model.tied()) {
      input.add(finalNorm);
    }
    groups.add(new ParameterGroup("embedding", input));
    for (int block = 0; block < model.layers(); block++) {
      groups.add(new ParameterGroup("block." + block, block("model.layers." + block + ".", model)));
    }
    if (!model.tied()) {
      List<Parameter> head = new ArrayList<>(List.of(finalNorm));
      head.add(matrix(model, "", headMatrix(model), model.outputs(), model.hidden()));
      headBias(model).ifPresent(bias -> head.add(new Parameter(bias, ZEROS, model.outputs())));
      groups.add(new ParameterGroup("head", head));
    }
    return groups;
  }

  /**
   * Returns the groups of one of tensor ranks: of every block its heads of queries, keys and
   * values, its rows of gate and up, and the columns of the two matrices behind those. All else is
   * whole.
   *
   * @param part of so many
   */
  static List<ParameterGroup> groups(ModelConfig model, int part, int parts) {
    return groups(model).stream()
        .map(
            group ->
                new ParameterGroup(
                    group.name(),
                    group.parameters().stream().map(each -> part(each, part, parts)).toList()))
        .toList();
  }

  private static Parameter part(Parameter whole, int part, int parts) {
    for (int dimension = 0; dimension < CUT.size(); dimension++) {
      if (CUT.get(dimension).stream().anyMatch(whole.name()::endsWith)) {
        return whole.part(dimension, part, parts);
      }
    }
    return whole;
  }

  private static List<Parameter> input(ModelConfig model) {
    List<Parameter> input = new ArrayList<>();
    if (model.trajectories().isPresent()) {
      input.add(matrix(model, "", STEP_EMBEDDING, model.vocabulary(), model.hidden()));
      input.add(matrix(model, "", VALUES_EMBEDDING, model.hidden(), model.features()));
    } else {
      input.add(matrix(model, "", EMBEDDING, model.vocabulary(), model.hidden()));
    }
    return input;
  }

  /** The group of the final norm and the head. */
  static int head(ModelConfig model) {
    return model.tied() ? 0 : 1 + model.layers();
  }

  /** The matrix that gives the outputs, [outputs, hidden]. */
  static String headMatrix(ModelConfig model) {
    if (model.trajectories().isPresent()) {
      return ACTION_HEAD;
    }
    return model.tied() ? EMBEDDING : HEAD;
  }

  /** The bias that is added to the outputs, [outputs]; empty where there is none. */
  static Optional<String> headBias(ModelConfig model) {
    return model.trajectories().map(steps -> ACTION_BIAS);
  }

  private static List<Parameter> block(String prefix, ModelConfig model) {
    long hidden = model.hidden();
    long queries = model.heads().queryWidth();
    long keys = model.heads().keyValueWidth();
    long feedForward = model.feedForward();
    List<Parameter> block = new ArrayList<>();
    block.add(norm(prefix + ATTENTION_NORM, hidden));
    block.add(matrix(model, prefix, QUERY, queries, hidden));
    block.add(matrix(model, prefix, KEY, keys, hidden));
    block.add(matrix(model, prefix, VALUE, keys, hidden));
    if (model.details().queryKeyValueBias()) {
      block.add(new Parameter(prefix + QUERY_BIAS, ZEROS, queries));
      block.add(new Parameter(prefix + KEY_BIAS, ZEROS, keys));
      block.add(new Parameter(prefix + VALUE_BIAS, ZEROS, keys));
    }
    if (model.details().queryKeyNorm()) {
      block.add(norm(prefix + QUERY_NORM, model.heads().size()));
      block.add(norm(prefix + KEY_NORM, model.heads().size()));
    }
    block.add(matrix(model, prefix, ATTENTION_OUTPUT, hidden, queries));
    block.add(norm(prefix + FEED_FORWARD_NORM, hidden));
    block.add(matrix(model, prefix, GATE, feedForward, hidden));
    block.add(matrix(model, prefix, UP, feedForward, hidden));
    block.add(matrix(model, prefix, DOWN, hidden, feedForward));
    return block;
  }

  private static Parameter matrix(
      ModelConfig model, String prefix, String name, long outputs, long inputs) {
    var initial = new InitialMatrices(model).of(prefix, name, inputs);
    return new Parameter(prefix + name, initial, outputs, inputs);
  }

  private static Parameter norm(String name, long width) {
    return new Parameter(name, ONES, width);
  }
}
