package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.PrimitiveIterator;
import java.util.stream.IntStream;
import ringattention.input.InputException;
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
  public void read(Path file, CorpusOutput to) throws IOException {
    Records.forEach(
        file,
        Optional.empty(),
        source,
        to,
        (object, place) -> to.work().add(characters(object), () -> document(object, place, to)));
  }

  /** Returns about how long a record is. */
  private static int characters(JsonNode record) {
    int characters = record.isTextual() ? record.textValue().length() : 8;
    for (JsonNode part : record) {
      characters += characters(part);
    }
    return characters;
  }

  /** Returns what is to be done when its turn comes. */
  private OrderedWork.Step document(JsonNode object, String place, CorpusOutput to) {
    Chat chat;
    ChatText text;
    try {
      chat = ChatRecord.of(object, field).answered();
      text = format.text(chat);
    } catch (IllegalArgumentException malformed) {
      String reason = malformed.getMessage();
      return bad(place, reason, source.error("data.path", place + ": " + reason), to);
    }
    IntStream entries;
    try {
      entries = entries(text);
    } catch (IllegalArgumentException unknown) {
      String reason = "cannot encode " + place + ": " + unknown.getMessage();
      return bad(
          place,
          "cannot encode: " + unknown.getMessage(),
          source.error("data.tokenizer", reason),
          to);
    }
    return () -> {
      if (!format.begins()) {
        to.tokens().begin(encoder.tokenizer());
      }
      for (PrimitiveIterator.OfInt next = entries.iterator(); next.hasNext(); ) {
        int entry = next.nextInt();
        to.tokens().add(TokenStream.token(entry), entry >= 0);
      }
      to.tokens().endDocument();
      to.records().used(chat);
    };
  }

  private static OrderedWork.Step bad(
      String place, String reason, InputException error, CorpusOutput to) {
    return () -> to.records().bad(place, reason, error);
  }

  /**
   * The whole text is tokenized at once, as it is when the model is asked, with the token that ends
   * an answer where it stands: cut apart, the first word of an answer or of a later question could
   * get another token. A token is the assistant's if it begins in the assistant's words.
   *
   * @return entries as of {@link TokenStream}
   */
  private IntStream entries(ChatText text) {
    Labelled labelled = new Labelled(text, encoder.tokenizer());
    try {
      encoder.spans(text.text(), labelled);
    } catch (IOException impossible) { // nothing is written here
      throw new UncheckedIOException(impossible);
    }
    return labelled.finish();
  }

  /** Takes tokens, and marks those that are not to be learned. */
  private static final class Labelled implements Encoder.Consumer {
    private final ChatText text;
    private final List<ChatText.Answer> answers;
    private final Tokenizer tokenizer;
    private final IntStream.Builder entries = IntStream.builder();
    private int next; // answer whose end is still to come
    private int last = -1; // token of it

    Labelled(ChatText text, Tokenizer tokenizer) {
      this.text = text;
      this.answers = text.answers();
      this.tokenizer = tokenizer;
    }

    @Override
    public void accept(int token, long start) {
      while (next < answers.size() && start >= answers.get(next).end()) {
        endAnswer();
      }
      boolean learned = next < answers.size() && start >= answers.get(next).start();
      entries.add(learned ? token : ~token);
      last = learned ? token : last;
    }

    IntStream finish() {
      while (next < answers.size()) {
        endAnswer();
      }
      return entries.build();
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
