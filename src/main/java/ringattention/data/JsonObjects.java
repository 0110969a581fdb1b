package ringattention.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import ringattention.config.InputException;
import ringattention.config.Source;

/** The objects of a JSON file: one in every line, or the elements of one array. */
final class JsonObjects {
  /** Takes one object. */
  interface Consumer {
    /**
     * @param place file and line, for errors
     */
    void accept(JsonNode object, String place) throws IOException;
  }

  private static final int LONGEST = 1 << 25; // characters of a line, and of a text

  private final ObjectMapper mapper = new ObjectMapper();
  private final Source source;

  JsonObjects(Source source) {
    this.source = source;
    StreamReadConstraints longTexts =
        StreamReadConstraints.builder().maxStringLength(LONGEST).build();
    mapper.getFactory().setStreamReadConstraints(longTexts); // a document may be a book
  }

  /**
   * @throws InputException naming file and line of what is no object
   */
  void forEach(Path file, Consumer consumer) throws IOException {
    try (InputStream stream = Files.newInputStream(file);
        Reader decoded = new InputStreamReader(stream, StandardCharsets.UTF_8.newDecoder())) {
      LineLimit limit = new LineLimit(decoded, LONGEST);
      BufferedReader text = new BufferedReader(limit);
      if (beginsArray(text)) {
        limit.lift(); // it is often all in one line
        elements(file, text, consumer);
      } else {
        lines(file, text, consumer);
      }
    } catch (LineLimit.ExceededException tooLong) {
      throw source.error("data.path", file + " has a line of more than " + LONGEST + " characters");
    } catch (CharacterCodingException notUtf8) {
      throw source.error("data.path", file + " must be UTF-8 text");
    }
  }

  /** Skips white space only if it is an array. */
  private static boolean beginsArray(BufferedReader text) throws IOException {
    text.mark(1 << 16);
    int c = text.read();
    while (Character.isWhitespace(c)) {
      c = text.read();
    }
    text.reset();
    return c == '[';
  }

  private void lines(Path file, BufferedReader text, Consumer consumer) throws IOException {
    long number = 1;
    for (String line = text.readLine(); line != null; line = text.readLine()) {
      if (!line.isBlank()) {
        String place = file + ":" + number;
        JsonNode value;
        try (JsonParser parser = mapper.createParser(line)) {
          value = mapper.readTree(parser);
          if (parser.nextToken() != null) {
            throw source.error("data.path", place + ": must be one JSON object in a line");
          }
        } catch (JacksonException malformed) {
          throw source.error("data.path", place + ": not valid JSON: " + reason(malformed));
        }
        accept(value, place, consumer);
      }
      number++;
    }
  }

  private void elements(Path file, BufferedReader text, Consumer consumer) throws IOException {
    try (JsonParser parser = mapper.createParser(text)) {
      parser.nextToken();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        String place = file + ":" + parser.currentTokenLocation().getLineNr();
        accept(mapper.readTree(parser), place, consumer);
      }
    } catch (JacksonException malformed) {
      String place = file + ":" + malformed.getLocation().getLineNr();
      throw source.error("data.path", place + ": not valid JSON: " + reason(malformed));
    }
  }

  private void accept(JsonNode value, String place, Consumer consumer) throws IOException {
    if (!value.isObject()) {
      throw source.error("data.path", place + ": must be a JSON object");
    }
    consumer.accept(value, place);
  }

  /** What is malformed, without where. */
  static String reason(JacksonException malformed) {
    String reason = malformed.getOriginalMessage().lines().findFirst().orElse("cannot be parsed");
    return reason.replaceFirst(" \\(start marker at .*", "");
  }
}
