package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringattention.input.Source;

/**
 * Conversations, of which only what the assistant says is to be learned, with the token that ends
 * it. A question behind the last answer is left out.
 *
 * @param field of the object that is the list of messages, see {@code data.field}; empty: found
 */
record Conversations(Encoder encoder, Source source, Optional<String> field, ChatFormat format)
    implements DocumentReader {
  @Override
  public void read(Path file, TokenFileWriter to, RecordCounter records) throws IOException {
    new JsonObjects(source, records)
        .forEach(file, (object, place) -> document(object, place, to, records));
  }

  private void document(JsonNode object, String place, TokenFileWriter to, RecordCounter records)
      throws IOException {
    Chat chat;
    ChatText text;
    try {
      chat = ChatRecord.of(object, field).answered();
      text = format.text(chat);
    } catch (IllegalArgumentException malformed) {
      String reason = malformed.getMessage();
      records.bad(place, reason, source.error("data.path", place + ": " + reason));
      return;
    }
    if (!format.begins()) {
      to.begin(encoder.tokenizer());
    }
    try {
      encode(text, to);
    } catch (IllegalArgumentException unknown) {
      to.drop();
      String reason = "cannot encode " + place + ": " + unknown.getMessage();
      records.bad(
          place, "cannot encode: " + unknown.getMessage(), source.error("data.tokenizer", reason));
      return;
    }
    to.endDocument();
    records.used(chat);
  }

  /**
   * The whole text is tokenized at once, as it is when the model is asked, with the token that ends
   * an answer where it stands: cut apart, the first word of an answer or of a later question could
   * get another token. A token is the assistant's if it begins in the assistant's words.
   */
  private void encode(ChatText text, TokenFileWriter to) throws IOException {
    Labelled labelled = new Labelled(text, encoder.tokenizer(), to);
    encoder.spans(text.text(), labelled);
    labelled.finish();
  }

  /** Writes tokens with the mark whether they are to be learned. */
  private static final class Labelled implements Encoder.Consumer {
    private final ChatText text;
    private final List<ChatText.Answer> answers;
    private final Tokenizer tokenizer;
    private final TokenFileWriter to;
    private int next; // answer whose end is still to come
    private int last = -1; // token of it

    Labelled(ChatText text, Tokenizer tokenizer, TokenFileWriter to) {
      this.text = text;
      this.answers = text.answers();
      this.tokenizer = tokenizer;
      this.to = to;
    }

    @Override
    public void accept(int token, long start) throws IOException {
      while (next < answers.size() && start >= answers.get(next).end()) {
        endAnswer();
      }
      boolean learned = next < answers.size() && start >= answers.get(next).start();
      to.add(token, learned);
      last = learned ? token : last;
    }

    void finish() {
      while (next < answers.size()) {
        endAnswer();
      }
    }

    private void endAnswer() {
      ChatText.Answer answer = answers.get(next);
      boolean ends =
          text.text().startsWith(tokenizer.endText(), answer.end() - tokenizer.endText().length());
      if (last < 0 && answer.end() > answer.start() || ends && last != tokenizer.end()) {
        throw new IllegalArgumentException(
            "the end of answer " + (next + 1) + " is lost among other tokens");
      }
      next++;
      last = -1;
    }
  }
}
