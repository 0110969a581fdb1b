package ringattention.data;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonLinesReaderTest {
  private static List<String> read(InputStream stream) throws IOException {
    List<String> all = new ArrayList<>();
    JsonLinesReader.forEach(
        stream,
        new JsonLinesReader.Consumer() {
          @Override
          public void accept(JsonNode object, long line) {
            all.add(line + " " + object);
          }

          @Override
          public void problem(long line, String reason) {
            all.add(line + " " + reason);
          }
        });
    return all;
  }

  @Test
  void brokenLinesDoNotKeepTheOthersBack() throws IOException {
    String text = "{\"a\": 1}\n{\"a\n\n[1]\n{} {}\n{\"a\": \"\u00ff\"}\r\n{\"a\": 2}";
    assertEquals(
        List.of(
            "1 {\"a\":1}",
            "2 not valid JSON: Unexpected end-of-input in field name",
            "4 must be a JSON object",
            "5 must be one JSON object in a line",
            "6 must be UTF-8 text",
            "7 {\"a\":2}"),
        read(new ByteArrayInputStream(text.getBytes(ISO_8859_1))));
  }

  /** A line without end is passed over, not kept. */
  @Test
  void longLines() throws IOException {
    byte[] part = " ".repeat(1 << 20).getBytes(ISO_8859_1);
    List<InputStream> parts = new ArrayList<>();
    for (int i = 0; i < 33; i++) {
      parts.add(new ByteArrayInputStream(part));
    }
    parts.add(new ByteArrayInputStream("{}\n{\"a\": 2}".getBytes(ISO_8859_1)));
    assertEquals(
        List.of("1 has more than 33554432 bytes", "2 {\"a\":2}"),
        read(new SequenceInputStream(Collections.enumeration(parts))));
  }
}
