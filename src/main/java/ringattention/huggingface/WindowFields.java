package ringattention.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.function.Function;
import ringattention.input.InputException;
import ringattention.input.Lender.Given;
import ringattention.input.Toml;

/**
 * The sliding window in a config.json, as transformers 5 reads it: sliding_window of a Mistral; of
 * a Qwen only with use_sliding_window, and in the layers that layer_types or max_window_layers say.
 */
final class WindowFields {
  static final String WINDOW = "sliding_window";
  private static final String USED = "use_sliding_window";
  private static final String FIRST = "max_window_layers"; // the first layer that has it
  private static final String TYPES = "layer_types";
  private static final String SLIDING = "sliding_attention";
  private static final String FULL = "full_attention";
  private static final int DEFAULT_FIRST = 28;

  private final Family family;
  private final JsonNode root;
  private final Function<String, InputException> problem;

  WindowFields(Family family, JsonNode root, Function<String, InputException> problem) {
    this.family = family;
    this.root = root;
    this.problem = problem;
  }

  /**
   * Returns the smallest window of a layer, 0 if none has one.
   *
   * @throws InputException if a layer has neither a window nor full attention
   */
  Given window() {
    boolean used = !family.windowIsOptional() || root.path(USED).asBoolean(false);
    boolean slides = family.hasWindow() && (!family.windowIsOptional() || layersSlide(used));
    if (!slides || !used || root.has(WINDOW) && root.get(WINDOW).isNull()) {
      return new Given(WINDOW, 0);
    }
    Object window = HuggingFaceConfig.value(root, WINDOW, Family.DEFAULT_WINDOW);
    if (window instanceof Integer tokens && tokens < 1) {
      throw problem.apply(
          WINDOW + " = " + tokens + ": must be a whole number, at least 1, or null");
    }
    return new Given(WINDOW, window);
  }

  private boolean layersSlide(boolean used) {
    JsonNode types = root.path(TYPES);
    if (!types.isArray()) {
      int layers = root.path("num_hidden_layers").asInt();
      return root.path(FIRST).asInt(DEFAULT_FIRST) < layers;
    }
    boolean slides = false;
    for (JsonNode type : types) {
      boolean own = type.asText().equals(SLIDING);
      if (!own && !type.asText().equals(FULL)) {
        String brief = Toml.brief(HuggingFaceConfig.plain(type));
        throw problem.apply(TYPES + " has " + brief + ": not supported, must be \"" + FULL + "\"");
      }
      slides |= own;
    }
    if (slides && !used) {
      throw problem.apply(TYPES + " has \"" + SLIDING + "\": must not without " + USED);
    }
    return slides;
  }

  /** Writes the window of a model that has no config.json to keep it from: of all its layers. */
  static void put(Map<String, Object> fields, Family family, int window) {
    if (family.windowIsOptional()) {
      fields.put(USED, window > 0);
      if (window > 0) {
        fields.put(FIRST, 0);
      }
    }
    if (family.hasWindow()) {
      fields.put(WINDOW, window > 0 ? window : null);
    }
  }
}
