package ringattention.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ringattention.input.Configuration;
import ringattention.input.Toml;
import ringattention.input.UsedInputs;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScalingKind;
import ringattention.report.RunLog;

/** What the log says of a rotary embedding that is not the one that a model came with. */
public final class RotaryReport {
  private static final String SECTION = "model.";
  private static final String THETA = "model.ropeTheta";
  private static final String SCALING = "model.ropeScaling";

  private RotaryReport() {}

  /** Prints {@link #lines}, under a title if there are any. */
  public static void print(Configuration configuration, ModelConfig model, RunLog log) {
    List<String> lines = lines(configuration, model);
    if (!lines.isEmpty()) {
      log.section("Model");
      lines.forEach(log::line);
    }
  }

  /**
   * Returns a line if the input replaces a rotary key of config.json, and one if the length of the
   * texts decides.
   *
   * @param model as it computes
   */
  static List<String> lines(Configuration configuration, ModelConfig model) {
    List<String> lines = new ArrayList<>();
    Map<String, Object> before = configuration.source().replaced();
    UsedInputs used = UsedInputs.of(configuration.source().toml());
    if (before.keySet().stream().anyMatch(key -> key.startsWith(SECTION + "rope"))) {
      lines.add(
          "rotary embedding: "
              + String.join(", ", changes(before, used, model.ropeScaling().kind()))
              + " (config.json -> input)");
    }
    if (model.ropeScaling() instanceof LongRope scaling) {
      lines.add(
          String.format(
              Locale.ROOT,
              "rotary embedding: longrope, the %s factors, for texts of %s %d tokens",
              scaling.longer() ? "long" : "short",
              scaling.longer() ? "more than" : "at most",
              scaling.originalContext()));
    }
    return lines;
  }

  private static List<String> changes(
      Map<String, Object> before, UsedInputs used, RopeScalingKind kind) {
    List<String> changes = new ArrayList<>();
    changes.add("theta " + change(THETA, before, used));
    changes.add("scaling " + change(SCALING, before, used));
    for (String name : numbers(kind)) {
      changes.add(words(name) + " " + change(SECTION + name, before, used));
    }
    for (String name : List.of("ropeShortFactors", "ropeLongFactors")) {
      if (before.containsKey(SECTION + name)) {
        changes.add("other " + words(name));
      }
    }
    return changes;
  }

  private static List<String> numbers(RopeScalingKind kind) {
    return switch (kind) {
      case DEFAULT -> List.of();
      case LINEAR -> List.of("ropeFactor");
      case LLAMA3 ->
          List.of("ropeFactor", "ropeLowFrequency", "ropeHighFrequency", "ropeOriginalContext");
      case YARN ->
          List.of(
              "ropeFactor",
              "ropeOriginalContext",
              "ropeAttentionFactor",
              "ropeBetaFast",
              "ropeBetaSlow",
              "ropeTruncate");
      case LONGROPE -> List.of("ropeFactor", "ropeOriginalContext", "ropeAttentionFactor");
    };
  }

  private static String change(String key, Map<String, Object> before, UsedInputs used) {
    String now = plain(used.values().get(key));
    return before.containsKey(key) ? plain(before.get(key)) + " -> " + now : now;
  }

  /** Returns a value as people write it: 8000000, and no quotes. */
  private static String plain(Object value) {
    if (value instanceof Number number && number.doubleValue() == Math.rint(number.doubleValue())) {
      return String.format(Locale.ROOT, "%.0f", number.doubleValue());
    }
    return value instanceof String text ? text : Toml.brief(value);
  }

  /** Returns {@code original context} for {@code ropeOriginalContext}. */
  private static String words(String name) {
    return name.substring("rope".length())
        .replaceAll("([A-Z])", " $1")
        .strip()
        .toLowerCase(Locale.ROOT);
  }
}
