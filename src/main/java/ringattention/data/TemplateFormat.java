package ringattention.data;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringattention.template.ChatTemplate;
import ringattention.template.Rendering;
import ringattention.template.TemplateException;

/**
 * The words of a chat template. What is learned is marked by the template itself, or found by
 * rendering the conversation one message more at a time; where a rendering does not begin the next,
 * for the template changes what was said before, answers are looked for in the whole.
 */
final class TemplateFormat implements ChatFormat {
  static final String BEGIN = "bos_token";
  static final String END = "eos_token";
  private static final String THOUGHT = "</think>";

  private final ChatTemplate template;
  private final String digest;
  private final Map<String, String> tokens;
  private volatile AnswerEnd behind; // null until it is asked for

  /**
   * @param source of the template
   * @param tokens texts of special tokens by the names that templates have for them, {@link #END}
   *     among them
   * @throws TemplateException if it is no template
   */
  TemplateFormat(String source, Map<String, String> tokens) {
    this.template = ChatTemplate.parse(source);
    this.digest = Digest.of(source, tokens.toString());
    this.tokens = Map.copyOf(tokens);
  }

  @Override
  public ChatText text(Chat chat) {
    Rendering whole = rendered(chat, false);
    List<Integer> places = chat.answers();
    List<Rendering.Span> generated = whole.generated();
    if (!generated.isEmpty() && generated.size() != places.size()) {
      throw new IllegalArgumentException(
          "the template marks "
              + generated.size()
              + " answers of "
              + places.size()
              + " in the conversation");
    }
    List<ChatText.Answer> answers = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < places.size(); i++) {
      ChatText.Answer answer =
          generated.isEmpty()
              ? located(chat, places.get(i), whole.text(), from)
              : new ChatText.Answer(generated.get(i).start(), generated.get(i).end());
      from = answer.end();
      if (chat.learned().get(places.get(i))) {
        answers.add(answer);
      }
    }
    return new ChatText(whole.text(), answers);
  }

  @Override
  public String prompt(Chat chat) {
    if (chat.isAssistant(chat.messages().size() - 1)) {
      throw new IllegalArgumentException("the last message must not be the assistant's");
    }
    return rendered(chat, true).text();
  }

  @Override
  public boolean begins() {
    return true;
  }

  @Override
  public String fingerprint() {
    return digest;
  }

  /**
   * @param message the assistant's
   * @param from where the answer before it ends
   */
  private ChatText.Answer located(Chat chat, int message, String whole, int from) {
    String content = chat.content(message);
    String asked = rendering(chat.first(message), true);
    int start = asked.length();
    if (asked.isEmpty() || !whole.startsWith(asked) || start < from) {
      return found(chat, message, whole, words(chat, message, whole, from, asked));
    }
    String written = content + ending(); // so are most
    boolean calls = chat.messages().get(message).containsKey(Chat.TOOL_CALLS);
    if (!calls && !ending().isEmpty() && whole.startsWith(written, start)) {
      return new ChatText.Answer(start, start + written.length());
    }
    boolean last = message == chat.messages().size() - 1;
    String with = last ? spoken(whole) : rendering(chat.first(message + 1), false);
    if (with.length() > start && whole.startsWith(with)) {
      return new ChatText.Answer(start, end(with, start, content));
    }
    return found(chat, message, whole, start);
  }

  /** Returns where an answer begins whose words are looked for in the whole; below 0: nowhere. */
  private int words(Chat chat, int message, String whole, int from, String asked) {
    String said = said(chat.content(message));
    if (said.isEmpty()) {
      return -1;
    }
    int question = behindQuestion(chat, message, whole, from);
    int start =
        whole.indexOf(said + ending(), question); // a header may have a short answer's words
    start = start < 0 ? whole.indexOf(said, question) : start;
    int same = 0; // letters that the prompt and the whole begin with: it may ask for a thought, too
    while (same < Math.min(asked.length(), start) && asked.charAt(same) == whole.charAt(same)) {
      same++;
    }
    return start >= 0 && whole.substring(same, start).isBlank() ? same : start;
  }

  /**
   * Looks for the end of an answer in the whole.
   *
   * @param start where it begins; below 0: that was not found
   */
  private ChatText.Answer found(Chat chat, int message, String whole, int start) {
    String said = said(chat.content(message));
    int at = start < 0 ? -1 : whole.indexOf(said, start);
    int first = at < 0 || ending().isEmpty() ? -1 : whole.indexOf(ending(), start);
    int end = first < 0 ? -1 : whole.indexOf(ending(), at + said.length());
    if (first < at || end < 0) { // its words are those of another turn, or of none
      throw new IllegalArgumentException(
          "message " + (message + 1) + ": the template does not write this answer as it is");
    }
    return new ChatText.Answer(start, end + ending().length());
  }

  /**
   * Returns where an answer ends: with its last token, and without the space behind that, unless
   * that is the token.
   */
  private int end(String text, int start, String content) {
    String answer = text.substring(start).stripTrailing();
    int end = start + answer.length();
    String said = content.strip();
    boolean open =
        answer.isEmpty() || !said.isEmpty() && answer.endsWith(said); // only space follows
    return open && text.startsWith(tokens.get(END), end) ? end + tokens.get(END).length() : end;
  }

  /** Returns what an answer says at least: templates may drop what was thought before it. */
  private static String said(String content) {
    int thought = content.lastIndexOf(THOUGHT);
    return (thought < 0 ? content : content.substring(thought + THOUGHT.length())).strip();
  }

  /** Returns where the question before an answer ends, if it is found: it may quote the answer. */
  private static int behindQuestion(Chat chat, int message, String whole, int from) {
    String question = message == 0 ? "" : chat.content(message - 1).strip();
    int at = question.isEmpty() ? -1 : whole.indexOf(question, from);
    return at < 0 ? from : at + question.length();
  }

  /** Returns what the template makes of a part of a conversation; nothing if it refuses it. */
  private String rendering(Chat chat, boolean asks) {
    if (chat.messages().isEmpty()) {
      return "";
    }
    try {
      String text = rendered(chat, asks).text();
      return asks ? text : spoken(text);
    } catch (IllegalArgumentException refused) { // it is no conversation to the template
      return "";
    }
  }

  /** Returns what the template writes behind an answer, without the space behind that. */
  private String ending() {
    return behind().ending();
  }

  private AnswerEnd behind() {
    if (behind == null) {
      behind =
          AnswerEnd.of(
              chat -> rendered(chat, false).text(),
              tokens.getOrDefault(BEGIN, ""),
              tokens.get(END));
    }
    return behind;
  }

  /** Returns a rendering without a header for an answer that nobody gave. */
  private String spoken(String rendered) {
    String header = behind().header();
    return rendered.endsWith(header)
        ? rendered.substring(0, rendered.length() - header.length())
        : rendered;
  }

  private Rendering rendered(Chat chat, boolean asks) {
    Map<String, Object> context = new HashMap<>(tokens);
    context.put("messages", chat.messages());
    context.put("tools", chat.tools().isEmpty() ? null : chat.tools());
    context.put("documents", null);
    context.put("add_generation_prompt", asks);
    try {
      return template.render(context);
    } catch (TemplateException refused) {
      throw new IllegalArgumentException("the chat template: " + refused.getMessage());
    }
  }
}
