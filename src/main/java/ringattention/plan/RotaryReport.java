package ringattention.plan;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import ringattention.input.Configuration;
import ringattention.input.UsedInputs;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScalingKind;
import ringattention.report.RunLog;

/** What the log says of a rotary embedding that is not the one that a model came with. */
public final class RotaryReport {
  private static final String SECTION = "model.";
  private static final MathContext DIGITS = new MathContext(7);

  /** Keys of the first line, which is one of the log. */
  private static final List<String> ALWAYS = List.of("ropeTheta", "ropeScaling", "ropeFactor");

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
   * Returns where config.json does not agree with itself, what the input replaces of it, if
   * anything, and what the length of the texts decides.
   *
   * @param model as it computes
   */
  static List<String> lines(Configuration configuration, ModelConfig model) {
    List<String> lines = new ArrayList<>(configuration.source().remarks());
    Map<String, Object> before = configuration.source().replaced();
    if (before.keySet().stream().anyMatch(key -> key.startsWith(SECTION + "rope"))) {
      UsedInputs used = UsedInputs.of(configuration.source().toml());
      List<String> keys = new ArrayList<>(keys(model.ropeScaling().kind()));
      keys.retainAll(ALWAYS);
      lines.add(
          "rotary embedding: "
              + String.join(", ", keys.stream().map(key -> change(key, before, used)).toList())
              + " (config.json -> input)");
      List<String> more = new ArrayList<>(keys(model.ropeScaling().kind()));
      more.removeAll(ALWAYS);
      if (!more.isEmpty()) {
        lines.add(
            "rotary embedding: "
                + String.join(", ", more.stream().map(key -> change(key, before, used)).toList()));
      }
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

  /** Returns the keys that a line names, in its order. */
  private static List<String> keys(RopeScalingKind kind) {
    List<String> keys = new ArrayList<>(List.of("ropeTheta", "ropeScaling"));
    if (kind != RopeScalingKind.DEFAULT) {
      keys.add("ropeFactor");
    }
    switch (kind) {
      case DEFAULT, LINEAR -> {}
      case LLAMA3 ->
          keys.addAll(List.of("ropeOriginalContext", "ropeLowFrequency", "ropeHighFrequency"));
      case YARN, LONGROPE -> keys.addAll(List.of("ropeOriginalContext", "ropeAttentionFactor"));
    }
    return keys;
  }

  /** Returns a key's words with its value, and with that of the file where it is another. */
  private static String change(String name, Map<String, Object> before, UsedInputs used) {
    String key = SECTION + name;
    String now = plain(used.values().get(key));
    return words(name)
        + " "
        + (before.containsKey(key) ? plain(before.get(key)) + " -> " : "")
        + now;
  }

  /** Returns a value as people write it: 8000000, 1.138629, and no quotes. */
  private static String plain(Object value) {
    return value instanceof Number number
        ? new BigDecimal(number.doubleValue(), DIGITS).stripTrailingZeros().toPlainString()
        : value.toString();
  }

  /** Returns {@code original context} for {@code ropeOriginalContext}. */
  private static String words(String name) {
    return name.substring("rope".length())
        .replaceAll("([A-Z])", " $1")
        .strip()
        .toLowerCase(Locale.ROOT);
  }
}
