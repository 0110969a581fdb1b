package ringattention.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import ringattention.input.InputException;
import ringattention.input.Source;

/** The objects of a JSON file: one in every line, or the elements of arrays. */
final class JsonObjects {
  private static final int LONGEST = JsonLine.LONGEST;
  private static final char BYTE_ORDER_MARK = '\ufeff'; // editors on Windows put it first

  private final JsonLine one = new JsonLine();
  private final ObjectMapper mapper = one.mapper();
  private final Source source;
  private final CorpusOutput to;

  /**
   * @param to takes what is no object, if that is no error
   */
  JsonObjects(Source source, CorpusOutput to) {
    this.source = source;
    this.to = to;
  }

  /**
   * @throws InputException naming file and line of what is no object
   */
  void forEach(Path file, Records.Consumer consumer) throws IOException {
    try (InputStream stream = to.open(file);
        Reader decoded = new InputStreamReader(stream, StandardCharsets.UTF_8.newDecoder())) {
      LineLimit limit = new LineLimit(decoded, LONGEST);
      PushbackReader text = new PushbackReader(new BufferedReader(limit));
      long line = 1;
      int first = text.read();
      first = first == BYTE_ORDER_MARK ? text.read() : first;
      for (; Character.isWhitespace(first); first = text.read()) {
        line += first == '\n' ? 1 : 0;
      }
      if (first >= 0) {
        text.unread(first);
      }
      if (first == '[') {
        limit.lift(); // it is often all in one line
        arrays(file, line - 1, text, consumer);
      } else {
        lines(file, line, new BufferedReader(text), consumer);
      }
    } catch (LineLimit.ExceededException tooLong) {
      String place = file + ":" + tooLong.line();
      throw source.error("data.path", place + ": has more than " + LONGEST + " characters");
    } catch (CharacterCodingException notUtf8) {
      throw source.error("data.path", file + " must be UTF-8 text");
    }
  }

  /**
   * Reads an object in every line; or, if the first line is the beginning of one, objects that take
   * several lines.
   */
  private void lines(Path file, long first, BufferedReader text, Records.Consumer consumer)
      throws IOException {
    long number = first;
    boolean begun = false;
    for (String line = text.readLine(); line != null; line = text.readLine()) {
      if (!line.isBlank()) {
        String place = file + ":" + number;
        JsonNode object;
        try {
          object = one.object(line);
        } catch (IllegalArgumentException malformed) {
          if (!begun && one.isBeginning(line) && (!to.records().skips() || takesLines(file))) {
            objects(file, consumer);
            return;
          }
          begun = true;
          number++;
          bad(place, malformed.getMessage());
          continue;
        }
        begun = true;
        consumer.accept(object, place);
      }
      number++;
    }
  }

  private void bad(String place, String reason) throws IOException {
    to.bad(place, reason, source.error("data.path", place + ": " + reason));
  }

  /** Returns whether the first object of a file is whole; else its first line is a broken one. */
  private boolean takesLines(Path file) throws IOException {
    try (InputStream stream = to.open(file);
        Reader text = new InputStreamReader(stream, StandardCharsets.UTF_8.newDecoder());
        JsonParser parser = mapper.createParser(text)) {
      return mapper.readTree(parser) != null;
    } catch (JacksonException malformed) {
      return false;
    }
  }

  /** Reads one object after the other, whatever their lines, to the end of the file. */
  private void objects(Path file, Records.Consumer consumer) throws IOException {
    try (InputStream stream = to.open(file);
        Reader text = new InputStreamReader(stream, StandardCharsets.UTF_8.newDecoder());
        JsonParser parser = mapper.createParser(text)) {
      try {
        while (parser.nextToken() != null) {
          String place = place(file, 0, parser);
          accept(mapper.readTree(parser), place, consumer);
        }
      } catch (JacksonException malformed) {
        throw malformed(file, 0, parser, malformed);
      }
    }
  }

  private InputException malformed(
      Path file, long before, JsonParser parser, JacksonException malformed) {
    JsonLocation known = malformed.getLocation(); // limits of the parser do not say where
    long line = before + (known == null ? parser.currentLocation() : known).getLineNr();
    return source.error("data.path", file + ":" + line + ": not valid JSON: " + reason(malformed));
  }

  /**
   * Reads one array after the other, to the end of the file.
   *
   * @param before lines of the file before the text
   */
  private void arrays(Path file, long before, Reader text, Records.Consumer consumer)
      throws IOException {
    try (JsonParser parser = mapper.createParser(text)) {
      try {
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
          if (token != JsonToken.START_ARRAY) {
            String place = place(file, before, parser);
            throw source.error("data.path", place + ": must be a JSON array, as all before it");
          }
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            String place = place(file, before, parser);
            accept(mapper.readTree(parser), place, consumer);
          }
        }
      } catch (JacksonException malformed) {
        throw malformed(file, before, parser, malformed);
      }
    }
  }

  private static String place(Path file, long before, JsonParser parser) {
    return file + ":" + (before + parser.currentTokenLocation().getLineNr());
  }

  private void accept(JsonNode value, String place, Records.Consumer consumer) throws IOException {
    if (value.isObject()) {
      consumer.accept(value, place);
    } else {
      bad(place, JsonLine.NO_OBJECT);
    }
  }

  /** What is malformed, without where. */
  static String reason(JacksonException malformed) {
    String reason = malformed.getOriginalMessage().lines().findFirst().orElse("cannot be parsed");
    return reason.replaceFirst(" \\(start marker at .*", "");
  }
}
