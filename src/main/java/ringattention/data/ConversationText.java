package ringattention.data;

import java.util.ArrayList;
import java.util.List;

/** What a model reads of a conversation, in the words of Vicuna v1.1 (Chiang et al. 2023). */
final class ConversationText {
  private static final String SYSTEM =
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives"
          + " helpful, detailed, and polite answers to the user's questions.";

  /**
   * Where an answer is in the text.
   *
   * @param start of the space before it
   * @param end where the token that ends it begins
   */
  record Answer(int start, int end) {}

  private final StringBuilder text;
  private final List<Answer> answers = new ArrayList<>();

  /** Makes the text of all questions that have an answer, with the tokenizer's end behind each. */
  ConversationText(Conversation conversation, Tokenizer tokenizer) {
    text = new StringBuilder(conversation.system().orElse(SYSTEM)).append(' ');
    for (Conversation.Exchange exchange : conversation.exchanges()) {
      ask(exchange.question());
      int start = text.length();
      text.append(' ').append(exchange.answer());
      answers.add(new Answer(start, text.length()));
      text.append(tokenizer.endText());
    }
  }

  /** Adds a question, behind which the assistant's answer is to begin. */
  ConversationText ask(String question) {
    text.append("USER: ").append(question).append(" ASSISTANT:");
    return this;
  }

  List<Answer> answers() {
    return answers;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
