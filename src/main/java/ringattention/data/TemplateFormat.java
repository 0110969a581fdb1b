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
  private final ChatTemplate template;
  private final String digest;
  private final Map<String, String> tokens;
  private String ending; // behind an answer; null until it is asked for

  /**
   * @param source of the template
   * @param tokens texts of special tokens by the names that templates have for them, such as {@code
   *     bos_token}
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
    String content = chat.content(message).strip();
    String before = prefix(chat.first(message), true, whole);
    String with = before == null ? null : prefix(chat.first(message + 1), false, whole);
    if (with != null && before.length() >= from && with.startsWith(before)) {
      String answer = with.substring(before.length()).stripTrailing();
      if (answer.contains(content)) {
        return new ChatText.Answer(before.length(), before.length() + answer.length());
      }
    }
    int start =
        content.isEmpty() ? -1 : whole.indexOf(content, behindQuestion(chat, message, whole, from));
    if (start < 0) {
      throw new IllegalArgumentException(
          "message " + (message + 1) + ": the template does not write this answer as it is");
    }
    int end = start + content.length();
    return new ChatText.Answer(
        start, whole.startsWith(ending(), end) ? end + ending().length() : end);
  }

  /** Returns where the question before an answer ends, if it is found: it may quote the answer. */
  private static int behindQuestion(Chat chat, int message, String whole, int from) {
    String question = message == 0 ? "" : chat.content(message - 1).strip();
    int at = question.isEmpty() ? -1 : whole.indexOf(question, from);
    return at < 0 ? from : at + question.length();
  }

  /** Returns a rendering that begins the whole one; null if there is none. */
  private String prefix(Chat chat, boolean asks, String whole) {
    if (chat.messages().isEmpty()) {
      return null;
    }
    try {
      String text = rendered(chat, asks).text();
      return whole.startsWith(text) ? text : null;
    } catch (IllegalArgumentException refused) { // it is no conversation to the template
      return null;
    }
  }

  /** Returns what the template writes behind an answer, without the space behind that. */
  private String ending() {
    if (ending == null) {
      Map<String, Object> question = Map.of(Chat.ROLE, Chat.USER, Chat.CONTENT, "Q");
      String answer = "ringattention";
      Map<String, Object> said = Map.of(Chat.ROLE, Chat.ASSISTANT, Chat.CONTENT, answer);
      Chat probe = new Chat(List.of(question, said), List.of(), List.of(false, true));
      String text = rendered(probe, false).text();
      int end = text.lastIndexOf(answer) + answer.length();
      ending = text.substring(end).stripTrailing();
    }
    return ending;
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
