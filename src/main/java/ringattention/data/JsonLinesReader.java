package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** JSON objects, one in a line, of which a broken one does not keep the others from being read. */
public final class JsonLinesReader {
  /** Takes what the lines hold. */
  public interface Consumer {
    /**
     * Takes an object.
     *
     * @param line its number, counted from 1
     */
    void accept(JsonNode object, long line);

    /** Takes the reason why a line holds none. */
    void problem(long line, String reason);
  }

  private JsonLinesReader() {}

  /**
   * Reads all lines but blank ones.
   *
   * @param stream UTF-8; left open
   * @throws IOException if it cannot be read
   */
  public static void forEach(InputStream stream, Consumer consumer) throws IOException {
    InputStream bytes = new BufferedInputStream(stream, 1 << 16);
    JsonLine lines = new JsonLine();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long number = 1;
    boolean tooLong = false;
    for (int b = bytes.read(); b >= 0; b = bytes.read()) {
      if (b == '\n') {
        accept(lines, tooLong ? null : line.toByteArray(), number++, consumer);
        line.reset();
        tooLong = false;
      } else if (line.size() < JsonLine.LONGEST) {
        line.write(b);
      } else {
        tooLong = true;
      }
    }
    accept(lines, tooLong ? null : line.toByteArray(), number, consumer);
  }

  /**
   * @param bytes null if there are too many
   */
  private static void accept(JsonLine lines, byte[] bytes, long number, Consumer consumer) {
    if (bytes == null) {
      consumer.problem(number, "has more than " + JsonLine.LONGEST + " bytes");
      return;
    }
    JsonNode object;
    try {
      String line = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      String text = number == 1 ? line.replaceFirst("^\ufeff", "") : line; // a byte-order mark
      if (text.isBlank()) {
        return;
      }
      object = lines.object(text);
    } catch (CharacterCodingException notUtf8) {
      consumer.problem(number, "must be UTF-8 text");
      return;
    } catch (IllegalArgumentException malformed) {
      consumer.problem(number, malformed.getMessage());
      return;
    }
    consumer.accept(object, number);
  }
}
