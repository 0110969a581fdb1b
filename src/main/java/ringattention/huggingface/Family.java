package ringattention.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import ringattention.input.Toml;
import ringattention.model.AttentionDetails;

/**
 * The models of transformers that are read and written: Llama, and those that differ from it in
 * {@link AttentionDetails} and in the defaults of their config.json. Defaults are those of
 * transformers 5 (LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config).
 */
enum Family {
  LLAMA("llama", "LlamaForCausalLM", 0, 0, 2048, false, false),
  MISTRAL("mistral", "MistralForCausalLM", 8, 0, 131072, false, false),
  QWEN2("qwen2", "Qwen2ForCausalLM", 32, 0, 32768, true, false),
  QWEN3("qwen3", "Qwen3ForCausalLM", 32, 128, 32768, false, true);

  /** The window where a file says nothing of it. */
  static final int DEFAULT_WINDOW = 4096;

  private static final String TYPE = "model_type";

  private final String type;
  private final String architecture;
  private final int keyValueHeads;
  private final int headSize;
  private final int positions;
  private final boolean bias;
  private final boolean norm;

  /**
   * @param type model_type
   * @param architecture of the language model
   * @param keyValueHeads where the file has none; 0: as many as heads
   * @param headSize likewise; 0: hidden_size over the heads
   * @param positions likewise
   */
  Family(
      String type,
      String architecture,
      int keyValueHeads,
      int headSize,
      int positions,
      boolean bias,
      boolean norm) {
    this.type = type;
    this.architecture = architecture;
    this.keyValueHeads = keyValueHeads;
    this.headSize = headSize;
    this.positions = positions;
    this.bias = bias;
    this.norm = norm;
  }

  /** Returns the family of a config.json; empty if it is another model's. */
  static Optional<Family> of(JsonNode config) {
    String type = config.path(TYPE).asText();
    return Arrays.stream(values()).filter(family -> family.type.equals(type)).findFirst();
  }

  /** Returns the family that computes what such a model does; empty if none does. */
  static Optional<Family> of(AttentionDetails details) {
    if (details.slidingWindow() > 0 && !details.queryKeyValueBias() && !details.queryKeyNorm()) {
      return Optional.of(MISTRAL);
    }
    return Arrays.stream(values())
        .filter(family -> family.bias == details.queryKeyValueBias())
        .filter(family -> family.norm == details.queryKeyNorm())
        .findFirst();
  }

  /** Returns what model_type may be, for an error. */
  static String allowed() {
    return Arrays.stream(values())
        .map(family -> Toml.write(family.type))
        .collect(Collectors.joining(" or "));
  }

  String type() {
    return type;
  }

  String architecture() {
    return architecture;
  }

  /** Returns the number of key/value heads where a file leaves it out; with null it is heads. */
  Object keyValueHeads(Object heads) {
    return keyValueHeads == 0 ? heads : (Object) keyValueHeads;
  }

  /** Returns the head size where a file says none; empty: hidden_size over the heads. */
  OptionalInt headSize() {
    return headSize == 0 ? OptionalInt.empty() : OptionalInt.of(headSize);
  }

  int positions() {
    return positions;
  }

  boolean bias() {
    return bias;
  }

  boolean norm() {
    return norm;
  }

  /** Whether attention_bias of its file counts: then o_proj has a bias, too. */
  boolean readsAttentionBias() {
    return this == LLAMA || this == QWEN3;
  }

  boolean readsFeedForwardBias() {
    return this == LLAMA;
  }

  boolean hasWindow() {
    return this != LLAMA;
  }

  /** Whether only some layers may have the window, and a field of its own turns it on. */
  boolean windowIsOptional() {
    return this == QWEN2 || this == QWEN3;
  }

  /** Returns the special tokens where its file leaves them out. */
  SpecialIds tokens() {
    return windowIsOptional()
        ? SpecialIds.NONE
        : new SpecialIds(OptionalInt.of(1), OptionalInt.of(2), OptionalInt.empty());
  }
}
