package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import ringattention.config.Source;

/**
 * Conversations in the words of Vicuna v1.1 (Chiang et al. 2023). Only what the assistant says is
 * to be learned: the space after {@code ASSISTANT:}, the answer, and the token that ends it.
 *
 * @param field of the object that is the list of messages, see {@code data.field}
 */
record Conversations(Tokenizer tokenizer, Source source, String field) implements DocumentReader {
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
    if (tokenizer.begin().isPresent()) {
      to.add(tokenizer.begin().getAsInt(), false);
    }
    String before = conversation.system().orElse(SYSTEM) + " ";
    for (Conversation.Exchange exchange : conversation.exchanges()) {
      exchange(before, exchange, place, to);
      before = "";
    }
    to.endDocument();
  }

  /**
   * Question and answer are tokenized together, as they are when the model is asked: cut apart, the
   * first word of an answer could get another token. A token is the assistant's if it begins in the
   * assistant's words.
   */
  private void exchange(
      String before, Conversation.Exchange exchange, String place, TokenFileWriter to)
      throws IOException {
    String asked = before + "USER: " + exchange.question() + " ASSISTANT:";
    Tokenizer.Spans spans;
    try {
      spans = tokenizer.spans(asked + " " + exchange.answer());
    } catch (IllegalArgumentException unknown) {
      throw source.error("data.tokenizer", "cannot encode " + place + ": " + unknown.getMessage());
    }
    for (int i = 0; i < spans.tokens().length; i++) {
      to.add(spans.tokens()[i], spans.starts()[i] >= asked.length());
    }
    to.add(tokenizer.end(), true);
  }
}
