package ringattention.data;

import static ringattention.data.Chat.ASSISTANT;
import static ringattention.data.Chat.CONTENT;
import static ringattention.data.Chat.ROLE;
import static ringattention.data.Chat.SYSTEM;
import static ringattention.data.Chat.TOOL;
import static ringattention.data.Chat.TOOL_CALLS;
import static ringattention.data.Chat.USER;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One message of a record, in the words that chat templates use.
 *
 * @param fields role, content and what else the record says
 * @param learned whether it is the assistant's, and not given a weight of 0
 */
record ChatMessage(Map<String, Object> fields, boolean learned) {
  private static final Map<String, String> ROLES =
      Map.ofEntries(
          Map.entry("system", SYSTEM),
          Map.entry("human", USER),
          Map.entry("user", USER),
          Map.entry("gpt", ASSISTANT),
          Map.entry("assistant", ASSISTANT),
          Map.entry("function_call", ASSISTANT),
          Map.entry("tool", TOOL),
          Map.entry("function", TOOL),
          Map.entry("observation", TOOL));
  private static final String CALL = "function_call";
  private static final String FUNCTION = "function";
  private static final String ARGUMENTS = "arguments";
  private static final String REASONING = "reasoning_content";
  private static final List<String> WEIGHTS = List.of("loss_weight", "weight");
  private static final Set<String> OWN = Set.of("from", "value", ROLE, CONTENT, TOOL_CALLS);

  /**
   * Reads a message.
   *
   * @throws IllegalArgumentException in words that go behind its number
   */
  static ChatMessage of(JsonNode message) {
    JsonNode from = message.has("from") ? message.get("from") : message.path(ROLE);
    JsonNode content = message.has("value") ? message.get("value") : message.path(CONTENT);
    if (!from.isTextual()) {
      throw new IllegalArgumentException("must have from and value, or role and content");
    }
    String role = ROLES.get(from.textValue());
    if (role == null) {
      throw new IllegalArgumentException(
          "unknown role \""
              + from.textValue()
              + "\", there are human, user, gpt, assistant, system, tool, observation, function_call");
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(ROLE, role);
    if (from.textValue().equals(CALL)) {
      fields.put(CONTENT, "");
      fields.put(TOOL_CALLS, calls(content));
    } else {
      content(content, message.has(TOOL_CALLS), fields);
    }
    if (message.hasNonNull(TOOL_CALLS)) {
      fields.put(TOOL_CALLS, calls(message.get(TOOL_CALLS)));
    }
    message
        .fields()
        .forEachRemaining(
            field -> {
              if (!OWN.contains(field.getKey()) && !WEIGHTS.contains(field.getKey())) {
                fields.putIfAbsent(field.getKey(), PlainJson.of(field.getValue()));
              }
            });
    return new ChatMessage(fields, role.equals(ASSISTANT) && weighs(message));
  }

  private static boolean weighs(JsonNode message) {
    for (String name : WEIGHTS) {
      if (message.hasNonNull(name)) {
        double weight = message.get(name).asDouble(Double.NaN);
        if (weight != 0 && weight != 1) {
          throw new IllegalArgumentException(name + " must be 0 or 1, it is " + message.get(name));
        }
        return weight == 1;
      }
    }
    return true;
  }

  private static void content(JsonNode content, boolean calls, Map<String, Object> fields) {
    if (content.isTextual()) {
      fields.put(CONTENT, content.textValue());
    } else if (content.isArray()) {
      parts(content, fields);
    } else if (calls && (content.isNull() || content.isMissingNode())) {
      fields.put(CONTENT, "");
    } else {
      String found = content.isMissingNode() ? "there is none" : "it is " + content.getNodeType();
      throw new IllegalArgumentException("its content must be a text or a list of parts, " + found);
    }
  }

  /** Puts parts together: texts, what was thought before them, and calls. */
  private static void parts(JsonNode parts, Map<String, Object> fields) {
    StringBuilder text = new StringBuilder();
    StringBuilder reasoning = new StringBuilder();
    List<Object> calls = new ArrayList<>();
    for (JsonNode part : parts) {
      String type = part.path("type").asText("text");
      JsonNode value = part.has("value") ? part.get("value") : part.path("text");
      switch (type) {
        case "text" -> text.append(requireText(type, value));
        case "reasoning" -> reasoning.append(requireText(type, value));
        case "tool_call" -> calls.addAll(calls(value));
        default ->
            throw new IllegalArgumentException(
                "a part of its content is of type \""
                    + type
                    + "\", must be text, reasoning or tool_call");
      }
    }
    fields.put(CONTENT, text.toString());
    if (reasoning.length() > 0) {
      fields.put(REASONING, reasoning.toString());
    }
    if (!calls.isEmpty()) {
      fields.put(TOOL_CALLS, calls);
    }
  }

  private static String requireText(String type, JsonNode value) {
    if (!value.isTextual()) {
      throw new IllegalArgumentException("a part of type " + type + " must have a text");
    }
    return value.textValue();
  }

  /** Returns calls, one or a list of them, or their text in JSON. */
  private static List<Object> calls(JsonNode calls) {
    JsonNode all =
        calls.isTextual()
            ? PlainJson.parsed(calls.textValue())
                .orElseThrow(() -> new IllegalArgumentException("a function call must be JSON"))
            : calls;
    List<Object> made = new ArrayList<>();
    if (all.isArray()) {
      all.forEach(call -> made.add(call(call)));
    } else {
      made.add(call(all));
    }
    return made;
  }

  /** Returns a call as OpenAI has it; arguments that are a text of an object are the object. */
  private static Map<String, Object> call(JsonNode call) {
    JsonNode function = call.path(FUNCTION).isObject() ? call.get(FUNCTION) : call;
    if (!function.path("name").isTextual()) {
      throw new IllegalArgumentException("a function call must have a name");
    }
    Map<String, Object> called = new LinkedHashMap<>();
    function
        .fields()
        .forEachRemaining(
            field -> {
              JsonNode value = field.getValue();
              boolean text = field.getKey().equals(ARGUMENTS) && value.isTextual();
              JsonNode read =
                  text
                      ? PlainJson.parsed(value.textValue()).filter(JsonNode::isObject).orElse(value)
                      : value;
              called.put(field.getKey(), PlainJson.of(read));
            });
    Map<String, Object> made = new LinkedHashMap<>();
    made.put("type", FUNCTION);
    if (function != call) {
      call.fields()
          .forEachRemaining(field -> made.put(field.getKey(), PlainJson.of(field.getValue())));
    }
    made.put(FUNCTION, called);
    return made;
  }
}
