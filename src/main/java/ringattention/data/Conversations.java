package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import ringattention.input.Source;

/**
 * Conversations in the words of Vicuna v1.1 (Chiang et al. 2023). Only what the assistant says is
 * to be learned: the space after {@code ASSISTANT:}, the answer, and the token that ends it.
 *
 * @param field of the object that is the list of messages, see {@code data.field}
 */
record Conversations(Encoder encoder, Source source, String field) implements DocumentReader {
  private static final String SYSTEM =
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives"
          + " helpful, detailed, and polite answers to the user's questions.";

  @Override
  public void read(Path file, TokenFileWriter to) throws IOException {
    new JsonObjects(source).forEach(file, (object, place) -> document(object, place, to));
  }

  private void document(JsonNode object, String place, TokenFileWriter to) throws IOException {
    JsonNode list = object.path(field);
    if (!list.isArray()) {
      String found = list.isMissingNode() ? "there is none" : "it is " + list.getNodeType();
      throw source.error("data.field", place + ": must name a list of messages, " + found);
    }
    Conversation conversation;
    try {
      conversation = Conversation.of(list);
    } catch (IllegalArgumentException malformed) {
      throw source.error("data.path", place + ": " + malformed.getMessage());
    }
    to.begin(encoder.tokenizer());
    try {
      encode(conversation, to);
    } catch (IllegalArgumentException unknown) {
      throw source.error("data.tokenizer", "cannot encode " + place + ": " + unknown.getMessage());
    }
    to.endDocument();
  }

  /**
   * The whole text is tokenized at once, as it is when the model is asked, with the token that ends
   * an answer where it stands: cut apart, the first word of an answer or of a later question could
   * get another token. A token is the assistant's if it begins in the assistant's words.
   */
  private void encode(Conversation conversation, TokenFileWriter to) throws IOException {
    StringBuilder text = new StringBuilder(conversation.system().orElse(SYSTEM)).append(' ');
    List<Answer> answers = new ArrayList<>();
    for (Conversation.Exchange exchange : conversation.exchanges()) {
      text.append("USER: ").append(exchange.question()).append(" ASSISTANT:");
      int start = text.length();
      text.append(' ').append(exchange.answer());
      answers.add(new Answer(start, text.length()));
      text.append(encoder.tokenizer().endText());
    }
    Labelled labelled = new Labelled(answers, encoder.tokenizer().end(), to);
    encoder.spans(text.toString(), labelled);
    labelled.finish();
  }

  /**
   * Where an answer is in the text.
   *
   * @param start of the space before it
   * @param end where the token that ends it begins
   */
  private record Answer(int start, int end) {}

  /** Writes tokens with the mark whether they are to be learned. */
  private static final class Labelled implements Encoder.Consumer {
    private final List<Answer> answers;
    private final int end;
    private final TokenFileWriter to;
    private int next; // answer whose end is still to come
    private int last; // token

    Labelled(List<Answer> answers, int end, TokenFileWriter to) {
      this.answers = answers;
      this.end = end;
      this.to = to;
    }

    @Override
    public void accept(int token, long start) throws IOException {
      if (next < answers.size() && start > answers.get(next).end()) {
        endAnswer();
      }
      to.add(token, next < answers.size() && start >= answers.get(next).start());
      last = token;
    }

    void finish() {
      endAnswer();
      if (next < answers.size()) {
        throw new IllegalArgumentException("the ends of answers are lost among other tokens");
      }
    }

    private void endAnswer() {
      if (last != end) {
        throw new IllegalArgumentException(
            "the end of answer " + (next + 1) + " is lost among other tokens");
      }
      next++;
    }
  }
}
