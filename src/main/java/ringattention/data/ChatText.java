package ringattention.data;

import java.util.List;

/**
 * What a model reads of a conversation.
 *
 * @param answers what of the text is to be learned, in order, each with the token that ends it
 */
record ChatText(String text, List<Answer> answers) {
  /**
   * A part of the text.
   *
   * @param end one past its last character
   */
  record Answer(int start, int end) {}

  ChatText {
    answers = List.copyOf(answers);
  }
}
