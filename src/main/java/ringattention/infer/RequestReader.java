package ringattention.infer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringattention.data.ChatPrompt;
import ringattention.data.JsonLinesReader;
import ringattention.data.Tokenizer;
import ringattention.input.InputException;
import ringattention.input.Source;
import ringattention.input.Toml;

/**
 * Reads requests: JSON lines with a request each, or a text that is one prompt. What is wrong with
 * one request does not keep the others from being read.
 */
public final class RequestReader {
  private static final int LARGEST = 32; // MiB of a text that is one prompt
  private static final int BLANK = 1 << 16; // bytes in which the first character is looked for
  private static final String ONLY = "1"; // id of the request that is not in a line

  private final ChatPrompt chats;
  private final PromptTokens texts;
  private final int vocabulary;
  private final Settings defaults;
  private final Source source;

  /**
   * @param chats puts messages into words
   * @param vocabulary tokens of the model
   * @param defaults of requests that do not say otherwise
   * @param source names {@code generate.prompts} in errors
   */
  public RequestReader(
      Tokenizer tokenizer, ChatPrompt chats, int vocabulary, Settings defaults, Source source) {
    this.chats = chats;
    this.texts = new PromptTokens(tokenizer);
    this.vocabulary = vocabulary;
    this.defaults = defaults;
    this.source = source;
  }

  /**
   * Reads a file: {@code .jsonl} and {@code .json} have a request in every line, any other is the
   * text of one prompt.
   *
   * @throws InputException if it cannot be read
   */
  public Requests file(Path file) {
    String name = file.toString();
    try (InputStream stream = Files.newInputStream(file)) {
      boolean json = name.endsWith(".jsonl") || name.endsWith(".json");
      return json ? lines(stream, name) : text(stream, name);
    } catch (NoSuchFileException missing) {
      throw source.error("generate.prompts", "no such file");
    } catch (IOException unreadable) {
      throw source.error("generate.prompts", "cannot be read: must be a readable file");
    }
  }

  /**
   * Reads a stream, such as standard input: requests in JSON lines if its first character that is
   * no white space is a brace, else the text of one prompt.
   *
   * @param name of the stream in problems
   * @throws IOException if it cannot be read
   */
  public Requests stream(InputStream stream, String name) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(stream, BLANK);
    buffered.mark(BLANK);
    int first = buffered.read();
    for (int i = 1; i < BLANK && first >= 0 && Character.isWhitespace(first); i++) {
      first = buffered.read();
    }
    buffered.reset();
    return first == '{' ? lines(buffered, name) : text(buffered, name);
  }

  /**
   * Reads one prompt.
   *
   * @param name of where it stands, in problems
   */
  public Requests prompt(String text, String name) {
    try {
      return new Requests(
          List.of(new Request(ONLY, new int[0], texts.first(text), defaults)), List.of());
    } catch (IllegalArgumentException unsuitable) {
      return new Requests(List.of(), List.of(name + ": " + unsuitable.getMessage()));
    }
  }

  /** The newline with which editors end a file is not the prompt's. */
  private Requests text(InputStream stream, String name) throws IOException {
    byte[] bytes = stream.readNBytes((LARGEST << 20) + 1);
    if (bytes.length > LARGEST << 20) {
      return new Requests(List.of(), List.of(name + ": must be at most " + LARGEST + " MiB"));
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return prompt(text.replaceFirst("\r?\n\\z", ""), name);
    } catch (CharacterCodingException notUtf8) {
      return new Requests(List.of(), List.of(name + ": must be UTF-8 text"));
    }
  }

  private Requests lines(InputStream stream, String name) throws IOException {
    List<Request> requests = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Map<String, Long> ids = new HashMap<>(); // to their lines
    JsonLinesReader.forEach(
        stream,
        new JsonLinesReader.Consumer() {
          @Override
          public void accept(JsonNode object, long line) {
            try {
              Request request = request(new RequestFields(object), line);
              Long before = ids.putIfAbsent(request.id(), line);
              if (before == null) {
                requests.add(request);
              } else {
                problem(line, "id " + Toml.brief(request.id()) + " is that of line " + before);
              }
            } catch (IllegalArgumentException unsuitable) {
              problem(line, unsuitable.getMessage());
            }
          }

          @Override
          public void problem(long line, String reason) {
            problems.add(name + ":" + line + ": " + reason);
          }
        });
    return new Requests(requests, problems);
  }

  private Request request(RequestFields fields, long line) {
    String id = fields.id().orElse(Long.toString(line));
    String kind = fields.kind();
    int[] context = fields.text("context").map(texts::context).orElse(new int[0]);
    int[] prompt;
    if (kind.equals("tokens")) {
      prompt = fields.tokens(vocabulary); // as they are: who gives tokens gives all of them
    } else {
      boolean plain = kind.equals("prompt");
      String text =
          plain ? fields.text(kind).orElseThrow() : chats.text(fields.messages(), fields.object());
      if (fields.text("context").isPresent()) {
        prompt = texts.behind(text);
      } else {
        prompt = !plain && chats.begins() ? texts.whole(text) : texts.first(text);
      }
    }
    return new Request(id, context, prompt, fields.settings(defaults));
  }
}
