package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringattention.input.Source;

/** Asks a model for the next answer of a conversation, in the words that training uses. */
public final class ChatPrompt {
  private final ChatFormat format;

  private ChatPrompt(ChatFormat format) {
    this.format = format;
  }

  /**
   * Finds the words.
   *
   * @param name see {@code data.template}
   * @param key that names them, for errors
   * @param folder tokenizer.json or its folder; empty: bytes
   * @throws ringattention.input.InputException if there are none such
   */
  public static ChatPrompt of(
      String name, String key, Source source, Optional<Path> folder, Tokenizer tokenizer) {
    return new ChatPrompt(new ChatFormats(key, source).of(name, folder, tokenizer));
  }

  /**
   * Returns the text of messages up to where the assistant's next answer begins.
   *
   * @param messages {@code role} and {@code content} each, or {@code from} and {@code value}; the
   *     last is not the assistant's
   * @param request that has them, and {@code tools} if there are any
   * @throws IllegalArgumentException in words that go behind a file and line
   */
  public String text(JsonNode messages, JsonNode request) {
    List<Object> tools = ChatRecord.tools(request);
    return format.prompt(ChatRecord.ofList(messages, tools));
  }

  /** Returns whether texts have the tokens that begin a document, or need none. */
  public boolean begins() {
    return format.begins();
  }

  /** Returns what differs between words that may give other texts. */
  public String fingerprint() {
    return format.fingerprint();
  }
}
