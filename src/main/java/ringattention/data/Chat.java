package ringattention.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A conversation as chat templates read it.
 *
 * @param messages each with {@code role} (system, user, assistant or tool), {@code content}, and
 *     what else its record has, such as {@code tool_calls}
 * @param tools descriptions of functions that the assistant may call; empty if there are none
 * @param learned of every message whether it is to be learned
 */
record Chat(List<Map<String, Object>> messages, List<Object> tools, List<Boolean> learned) {
  static final String ROLE = "role";
  static final String CONTENT = "content";
  static final String ASSISTANT = "assistant";
  static final String USER = "user";
  static final String SYSTEM = "system";
  static final String TOOL = "tool";
  static final String TOOL_CALLS = "tool_calls";

  Chat {
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
    learned = List.copyOf(learned);
  }

  String role(int message) {
    return (String) messages.get(message).get(ROLE);
  }

  boolean isAssistant(int message) {
    return role(message).equals(ASSISTANT);
  }

  /** Returns what a message says; empty where it only calls functions. */
  String content(int message) {
    return messages.get(message).get(CONTENT) instanceof String text ? text : "";
  }

  /** Returns the first so many messages. */
  Chat first(int count) {
    return new Chat(messages.subList(0, count), tools, learned.subList(0, count));
  }

  /**
   * Returns the conversation up to its last answer: a question that has none is left out.
   *
   * @throws IllegalArgumentException if it has no answer that is to be learned
   */
  Chat answered() {
    int end = messages.size();
    while (end > 0 && !isAssistant(end - 1)) {
      end--;
    }
    if (!learned.subList(0, end).contains(true)) {
      throw new IllegalArgumentException("the conversation has no answer to learn");
    }
    return first(end);
  }

  /** Returns the places of the assistant's messages. */
  List<Integer> answers() {
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (isAssistant(i)) {
        answers.add(i);
      }
    }
    return answers;
  }
}
