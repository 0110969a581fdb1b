package ringattention.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What a template writes behind the last answer of a conversation, found by rendering one.
 *
 * @param ending that belongs to the answer, without the space behind it; empty where it writes none
 * @param header that asks for one more answer although none is asked for, with the space before it,
 *     as base models' templates write it whatever {@code add_generation_prompt} says; empty with
 *     others
 */
record AnswerEnd(String ending, String header) {
  private static final AnswerEnd UNKNOWN = new AnswerEnd("", "");
  private static final String QUESTION = "31415926535"; // whatever a template does to letters
  private static final String ANSWER = "27182818284";
  private static final String NEXT = "57721566490";

  /**
   * Asks a template.
   *
   * @param render gives the text of a conversation without the prompt for an answer
   * @param begin the token that begins a text, or nothing
   * @param end the token that ends a document
   * @throws IllegalArgumentException if it always asks for an answer, and what is the header and
   *     what the end of an answer cannot be told apart
   */
  static AnswerEnd of(Function<Chat, String> render, String begin, String end) {
    Chat one = chat(QUESTION, ANSWER);
    String text;
    String question;
    String two;
    try {
      text = render.apply(one);
      question = render.apply(one.first(1));
      two = render.apply(chat(QUESTION, ANSWER, NEXT, ANSWER));
    } catch (IllegalArgumentException refused) { // the template knows other conversations
      return UNKNOWN;
    }
    int at = text.lastIndexOf(ANSWER);
    if (at < 0) {
      return UNKNOWN;
    }
    String behind = text.substring(at + ANSWER.length());
    AnswerEnd plain = new AnswerEnd(stripped(behind, end), "");
    boolean begins = text.startsWith(question) && text.substring(question.length(), at).isBlank();
    int answered = two.indexOf(ANSWER) + ANSWER.length();
    int next = two.indexOf(NEXT);
    int first = two.indexOf(QUESTION);
    if (!begins || first < 0 || first > answered || next < answered) {
      return plain;
    }
    String between = two.substring(answered, next); // the end of an answer, and a user's header
    String header = commonEnd(behind, question.substring(question.lastIndexOf(QUESTION)));
    if (between.startsWith(behind) || header.isBlank()) {
      return plain;
    }
    String users = two.substring(two.startsWith(begin) ? begin.length() : 0, first);
    String ending =
        between.endsWith(users) && !users.isEmpty()
            ? between.substring(0, between.length() - users.length())
            : end; // more than a header stands before the first question
    if (ending.isBlank() && !ending.equals(end) || !behind.startsWith(ending)) {
      throw new IllegalArgumentException(
          "the chat template asks for an answer behind every conversation, and what ends an answer"
              + " cannot be told from that: use a template with {% generation %} (data.template)");
    }
    String own = stripped(ending, end);
    return new AnswerEnd(own, behind.substring(own.length()));
  }

  /** Returns a text without the space behind it, unless that is the token that ends it. */
  private static String stripped(String text, String end) {
    String words = text.stripTrailing();
    return words.isEmpty() && text.startsWith(end) ? end : words;
  }

  private static String commonEnd(String one, String other) {
    int length = 0;
    while (length < Math.min(one.length(), other.length())
        && one.charAt(one.length() - 1 - length) == other.charAt(other.length() - 1 - length)) {
      length++;
    }
    return one.substring(one.length() - length);
  }

  /** Returns a conversation of questions and answers in turn. */
  private static Chat chat(String... turns) {
    List<Map<String, Object>> messages = new ArrayList<>();
    List<Boolean> learned = new ArrayList<>();
    for (String turn : turns) {
      boolean answer = messages.size() % 2 == 1;
      messages.add(Map.of(Chat.ROLE, answer ? Chat.ASSISTANT : Chat.USER, Chat.CONTENT, turn));
      learned.add(answer);
    }
    return new Chat(messages, List.of(), learned);
  }
}
