package ringattention.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * One line of JSON, an object.
 *
 * @param mapper that takes texts as long as a book
 */
record JsonLine(ObjectMapper mapper) {
  static final int LONGEST = 1 << 25; // characters of a line, and of a text
  static final String NO_OBJECT = "must be a JSON object";

  JsonLine() {
    this(new ObjectMapper());
    StreamReadConstraints longTexts =
        StreamReadConstraints.builder().maxStringLength(LONGEST).build();
    mapper.getFactory().setStreamReadConstraints(longTexts);
  }

  /**
   * Returns the one object of a line.
   *
   * @throws IllegalArgumentException in words that go behind a file and line
   */
  JsonNode object(String line) {
    try (JsonParser parser = mapper.createParser(line)) {
      JsonNode value = mapper.readTree(parser);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("must be one JSON object in a line");
      }
      if (!value.isObject()) {
        throw new IllegalArgumentException(NO_OBJECT);
      }
      return value;
    } catch (JacksonException malformed) {
      throw new IllegalArgumentException("not valid JSON: " + JsonObjects.reason(malformed));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible); // a text is read
    }
  }

  /** Returns whether a line is the beginning of an object that goes on in the next. */
  boolean isBeginning(String line) {
    try {
      mapper.readTree(line);
      return false;
    } catch (JsonEOFException endsTooSoon) {
      return line.stripLeading().startsWith("{");
    } catch (JacksonException malformed) {
      return false;
    }
  }
}
