package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;

/** The text that asks a model for the next answer of a conversation. */
public final class ChatPrompt {
  private ChatPrompt() {}

  /**
   * Returns the text of a list of messages as training reads it, up to where the assistant's next
   * answer begins.
   *
   * @param messages {@code role} and {@code content} each, or {@code from} and {@code value}; the
   *     last is the user's
   * @throws IllegalArgumentException in words that go behind a file and line
   */
  public static String of(JsonNode messages, Tokenizer tokenizer) {
    Conversation conversation = Conversation.of(messages);
    String question =
        conversation
            .open()
            .orElseThrow(() -> new IllegalArgumentException("the last message must be the user's"));
    return new ConversationText(conversation, tokenizer).ask(question).toString();
  }
}
