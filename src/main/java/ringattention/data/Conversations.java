package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import ringattention.input.Source;

/**
 * Conversations in the words of {@link ConversationText}. Only what the assistant says is to be
 * learned: the space after {@code ASSISTANT:}, the answer, and the token that ends it. A question
 * without an answer is left out.
 *
 * @param field of the object that is the list of messages, see {@code data.field}
 */
record Conversations(Encoder encoder, Source source, String field) implements DocumentReader {
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
      conversation = Conversation.of(list).answered();
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
    ConversationText text = new ConversationText(conversation, encoder.tokenizer());
    Labelled labelled = new Labelled(text.answers(), encoder.tokenizer().end(), to);
    encoder.spans(text.toString(), labelled);
    labelled.finish();
  }

  /** Writes tokens with the mark whether they are to be learned. */
  private static final class Labelled implements Encoder.Consumer {
    private final List<ConversationText.Answer> answers;
    private final int end;
    private final TokenFileWriter to;
    private int next; // answer whose end is still to come
    private int last; // token

    Labelled(List<ConversationText.Answer> answers, int end, TokenFileWriter to) {
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
