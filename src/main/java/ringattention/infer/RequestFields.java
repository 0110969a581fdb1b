package ringattention.infer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import ringattention.input.Toml;

/**
 * The fields of one request, checked. Every problem is an {@link IllegalArgumentException} in words
 * that go behind a file and line.
 */
record RequestFields(JsonNode object) {
  private static final List<String> PROMPTS = List.of("prompt", "tokens", "messages");
  private static final List<String> KNOWN =
      List.of(
          "id",
          "context",
          "prompt",
          "tokens",
          "messages",
          "tools",
          "maxNewTokens",
          "samples",
          "temperature",
          "topK",
          "topP",
          "repetitionPenalty",
          "seed",
          "stop");

  RequestFields {
    Iterator<String> names = object.fieldNames();
    while (names.hasNext()) {
      String name = names.next();
      require(
          KNOWN.contains(name),
          "unknown field " + Toml.brief(name) + ", there are " + String.join(", ", KNOWN));
    }
  }

  /** Returns the one of prompt, tokens and messages that there is. */
  String kind() {
    List<String> given = PROMPTS.stream().filter(object::has).toList();
    require(given.size() == 1, "must have one of " + String.join(", ", PROMPTS));
    return given.get(0);
  }

  /** Returns the id, as a text. */
  Optional<String> id() {
    JsonNode id = object.path("id");
    require(
        id.isMissingNode() || id.isIntegralNumber() || id.isTextual() && !id.asText().isBlank(),
        "id must be a text or a whole number");
    return id.isMissingNode() ? Optional.empty() : Optional.of(id.asText());
  }

  Optional<String> text(String name) {
    JsonNode text = object.path(name);
    require(text.isMissingNode() || text.isTextual(), name + " must be a text");
    return Optional.ofNullable(text.textValue());
  }

  JsonNode messages() {
    JsonNode messages = object.path("messages");
    require(messages.isArray(), "messages must be a list");
    return messages;
  }

  /**
   * @param vocabulary one more than the highest token
   */
  int[] tokens(int vocabulary) {
    JsonNode list = object.path("tokens");
    require(list.isArray(), "tokens must be a list of whole numbers");
    int[] tokens = new int[list.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode token = list.get(i);
      require(
          token.isInt() && token.intValue() >= 0 && token.intValue() < vocabulary,
          "tokens must be whole numbers from 0 to " + (vocabulary - 1));
      tokens[i] = token.intValue();
    }
    return tokens;
  }

  Settings settings(Settings defaults) {
    Sampling sampling = defaults.sampling();
    return new Settings(
        (int) whole("maxNewTokens", defaults.maxNewTokens(), Integer.MAX_VALUE),
        (int) whole("samples", defaults.samples(), Integer.MAX_VALUE),
        new Sampling(
            number("temperature", sampling.temperature()),
            (int) whole("topK", sampling.topK(), Integer.MAX_VALUE),
            number("topP", sampling.topP()),
            number("repetitionPenalty", sampling.repetitionPenalty()),
            whole("seed", sampling.seed(), Long.MAX_VALUE)),
        stop(defaults.stop()));
  }

  private long whole(String name, long otherwise, long most) {
    JsonNode value = object.path(name);
    require(
        value.isMissingNode()
            || value.isIntegralNumber() && value.canConvertToLong() && value.longValue() <= most,
        name + " must be a whole number, at most " + most);
    return value.asLong(otherwise);
  }

  private double number(String name, double otherwise) {
    JsonNode value = object.path(name);
    require(value.isMissingNode() || value.isNumber(), name + " must be a number");
    return value.asDouble(otherwise);
  }

  private List<String> stop(List<String> otherwise) {
    JsonNode list = object.path("stop");
    if (list.isMissingNode()) {
      return otherwise;
    }
    require(list.isArray(), "stop must be a list of texts");
    List<String> stop = new ArrayList<>();
    for (JsonNode text : list) {
      require(text.isTextual(), "stop must be a list of texts");
      stop.add(text.textValue());
    }
    return stop;
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException(problem);
    }
  }
}
