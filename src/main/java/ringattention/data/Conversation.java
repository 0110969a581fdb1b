package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Questions and answers in turn.
 *
 * @param system what is said before them, if not the template's own words
 * @param open the question behind them that has no answer yet
 */
record Conversation(Optional<String> system, List<Exchange> exchanges, Optional<String> open) {
  /** One question and its answer. */
  record Exchange(String question, String answer) {}

  private enum Role {
    SYSTEM,
    USER,
    ASSISTANT
  }

  private record Message(Role role, String text) {}

  /**
   * Reads a list of messages, {@code from} and {@code value} each, or {@code role} and {@code
   * content}. An answer before the first question is left out.
   *
   * @throws IllegalArgumentException in words that go behind a file and line
   */
  static Conversation of(JsonNode list) {
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : list) {
      messages.add(message(message, messages.size() + 1));
    }
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("the conversation is empty");
    }
    Optional<String> system = Optional.empty();
    if (messages.get(0).role() == Role.SYSTEM) {
      system = Optional.of(messages.remove(0).text());
    }
    int before = system.isPresent() ? 1 : 0;
    if (!messages.isEmpty() && messages.get(0).role() == Role.ASSISTANT) {
      messages.remove(0);
      before++;
    }
    for (int i = 0; i < messages.size(); i++) {
      Role expected = i % 2 == 0 ? Role.USER : Role.ASSISTANT;
      if (messages.get(i).role() != expected) {
        throw new IllegalArgumentException(
            "message " + (before + i + 1) + ": user and assistant must take turns");
      }
    }
    List<Exchange> exchanges = new ArrayList<>();
    for (int i = 0; i + 1 < messages.size(); i += 2) {
      exchanges.add(new Exchange(messages.get(i).text(), messages.get(i + 1).text()));
    }
    Optional<String> open =
        messages.size() % 2 == 0
            ? Optional.empty()
            : Optional.of(messages.get(messages.size() - 1).text());
    return new Conversation(system, exchanges, open);
  }

  /**
   * Returns the conversation.
   *
   * @throws IllegalArgumentException if it has no answer that could be learned
   */
  Conversation answered() {
    if (exchanges.isEmpty()) {
      throw new IllegalArgumentException("the conversation has no answer to a question");
    }
    return this;
  }

  private static Message message(JsonNode message, int number) {
    JsonNode from = message.has("from") ? message.get("from") : message.path("role");
    JsonNode text = message.has("value") ? message.get("value") : message.path("content");
    if (!from.isTextual() || !text.isTextual()) {
      throw new IllegalArgumentException(
          "message " + number + ": must have from and value, or role and content, both texts");
    }
    return new Message(role(from.textValue(), number), text.textValue());
  }

  private static Role role(String name, int number) {
    return switch (name) {
      case "system" -> Role.SYSTEM;
      case "human", "user" -> Role.USER;
      case "gpt", "assistant" -> Role.ASSISTANT;
      default ->
          throw new IllegalArgumentException(
              "message "
                  + number
                  + ": unknown role \""
                  + name
                  + "\", there are human, user, gpt, assistant, system");
    };
  }
}
