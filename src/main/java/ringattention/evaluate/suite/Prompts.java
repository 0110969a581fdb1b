package ringattention.evaluate.suite;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringattention.data.ChatPrompt;
import ringattention.data.Tokenizer;
import ringattention.infer.PromptTokens;
import ringattention.infer.Request;
import ringattention.infer.Settings;

/** Puts contexts and questions into the tokens that a model reads. */
final class Prompts {
  private static final String MESSAGES = "messages";

  private final PromptTokens texts;
  private final Optional<ChatPrompt> chats;
  private final Settings settings;

  /**
   * @param chats puts what a user says into words; none: prompts are texts to go on with
   * @param settings of every request
   */
  Prompts(Tokenizer tokenizer, Optional<ChatPrompt> chats, Settings settings) {
    this.texts = new PromptTokens(tokenizer);
    this.chats = chats;
    this.settings = settings;
  }

  /**
   * Returns the requests of a context. What is before the questions is tokenized once where there
   * are several, and is their shared context; a single prompt is tokenized as one text.
   *
   * @throws IllegalArgumentException if it has what the tokenizer has no token for, or the chat
   *     template refuses it
   */
  Asked asked(Context context) {
    List<Request> requests = new ArrayList<>();
    List<Question> questions = context.questions();
    String shared = "";
    int[] sharedTokens = new int[0];
    for (Question question : questions) {
      String text = text(context, question);
      String id = context.id();
      if (questions.size() == 1) {
        requests.add(new Request(id, new int[0], first(text), settings));
        continue;
      }
      id += "/" + (requests.size() + 1);
      String before = before(context, text);
      if (!before.equals(shared)) {
        shared = before;
        sharedTokens = first(before);
      }
      int[] rest = texts.behind(text.substring(before.length()));
      requests.add(new Request(id, sharedTokens, rest, settings));
    }
    return new Asked(context, requests);
  }

  /** Returns what is before the question, the words of the template included. */
  private static String before(Context context, String text) {
    int at = text.indexOf(context.text());
    if (at < 0) {
      throw new IllegalArgumentException("the chat template changes what the user says");
    }
    return text.substring(0, at + context.text().length());
  }

  private String text(Context context, Question question) {
    String user = context.text() + question.text();
    ObjectNode request = request(user);
    String text = chats.map(chat -> chat.text(request.get(MESSAGES), request)).orElse(user);
    boolean apart = !text.isEmpty() && Character.isWhitespace(text.charAt(text.length() - 1));
    return text + (apart ? question.begun().stripLeading() : question.begun());
  }

  /** Returns a request for an answer to what the user says. */
  private static ObjectNode request(String user) {
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    request.putArray(MESSAGES).addObject().put("role", "user").put("content", user);
    return request;
  }

  private int[] first(String text) {
    return chats.map(ChatPrompt::begins).orElse(false) ? texts.whole(text) : texts.first(text);
  }
}
