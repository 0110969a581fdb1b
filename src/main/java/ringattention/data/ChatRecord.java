package ringattention.data;

import static ringattention.data.Chat.ASSISTANT;
import static ringattention.data.Chat.CONTENT;
import static ringattention.data.Chat.ROLE;
import static ringattention.data.Chat.SYSTEM;
import static ringattention.data.Chat.USER;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a record as people write them: ShareGPT's {@code conversations}, OpenAI's {@code messages},
 * or Alpaca's {@code instruction}, {@code input} and {@code output}. All methods throw {@link
 * IllegalArgumentException} in words that go behind a file and line.
 */
final class ChatRecord {
  private static final List<String> LISTS = List.of("messages", "conversations");
  private static final String TOOLS = "tools";

  private ChatRecord() {}

  /**
   * Returns the conversation of a record.
   *
   * @param field that holds the list of messages; empty: found
   */
  static Chat of(JsonNode record, Optional<String> field) {
    Optional<String> list = field.or(() -> LISTS.stream().filter(record::has).findFirst());
    if (list.isPresent()) {
      return ofList(list(record, list.get()), tools(record));
    }
    if (record.has("instruction") && record.has("output")) {
      return alpaca(record);
    }
    if (record.has("chosen") && record.has("rejected")) {
      throw new IllegalArgumentException(
          "is a pair of answers to choose between (chosen, rejected), of which none is learned here");
    }
    List<String> found = new ArrayList<>();
    record.fieldNames().forEachRemaining(found::add);
    throw new IllegalArgumentException(
        "must have a list messages or conversations, or texts instruction and output; has "
            + String.join(", ", found));
  }

  private static JsonNode list(JsonNode record, String field) {
    JsonNode list = record.path(field);
    if (!list.isArray()) {
      String found = list.isMissingNode() ? "there is none" : "it is " + list.getNodeType();
      throw new IllegalArgumentException(field + " must be a list of messages, " + found);
    }
    return list;
  }

  /** Returns the conversation of a list of messages. */
  static Chat ofList(JsonNode list, List<Object> tools) {
    List<Map<String, Object>> messages = new ArrayList<>();
    List<Boolean> learned = new ArrayList<>();
    for (JsonNode message : list) {
      try {
        ChatMessage read = ChatMessage.of(message);
        messages.add(read.fields());
        learned.add(read.learned());
      } catch (IllegalArgumentException wrong) {
        throw new IllegalArgumentException(
            "message " + (messages.size() + 1) + ": " + wrong.getMessage());
      }
    }
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("the conversation is empty");
    }
    return new Chat(messages, tools, learned);
  }

  /** Returns the functions of a record: a list, or its text in JSON. */
  static List<Object> tools(JsonNode record) {
    JsonNode tools = record.path(TOOLS);
    if (tools.isTextual()) {
      String text = tools.textValue().strip();
      tools =
          PlainJson.parsed(text.isEmpty() ? "[]" : text)
              .orElseThrow(() -> new IllegalArgumentException("tools is a text, and not JSON"));
    }
    if (tools.isMissingNode() || tools.isNull()) {
      return List.of();
    }
    if (!tools.isArray()) {
      throw new IllegalArgumentException("tools must be a list, or its text in JSON");
    }
    List<Object> all = new ArrayList<>();
    tools.forEach(tool -> all.add(PlainJson.of(tool)));
    return all;
  }

  /** An instruction, with what it is about behind it, and its answer. */
  private static Chat alpaca(JsonNode record) {
    String input = text(record, "input");
    String instruction = text(record, "instruction");
    String system = text(record, SYSTEM);
    List<Map<String, Object>> messages = new ArrayList<>();
    if (!system.isEmpty()) {
      messages.add(message(SYSTEM, system));
    }
    JsonNode history = record.path("history");
    for (JsonNode turn : history) {
      if (!turn.path(0).isTextual() || !turn.path(1).isTextual()) {
        throw new IllegalArgumentException("history must be pairs of a question and its answer");
      }
      messages.add(message(USER, turn.get(0).textValue()));
      messages.add(message(ASSISTANT, turn.get(1).textValue()));
    }
    messages.add(message(USER, input.isEmpty() ? instruction : instruction + "\n" + input));
    messages.add(message(ASSISTANT, text(record, "output")));
    List<Boolean> learned = messages.stream().map(each -> each.get(ROLE) == ASSISTANT).toList();
    return new Chat(messages, List.of(), learned);
  }

  private static String text(JsonNode record, String field) {
    JsonNode value = record.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    if (!value.isTextual()) {
      throw new IllegalArgumentException(field + " must be a text, it is " + value.getNodeType());
    }
    return value.textValue();
  }

  private static Map<String, Object> message(String role, String content) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put(ROLE, role);
    message.put(CONTENT, content);
    return message;
  }
}
