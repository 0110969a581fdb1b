package ringattention.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The objects of a file that {@link EventLog} wrote. A line that is none is passed over: a run that
 * was killed leaves half a line.
 */
final class JsonLines {
  private static final int LONGEST = 1 << 22; // bytes; a longer line is none of ours

  private final ObjectMapper mapper = new ObjectMapper();

  void forEach(Path file, Consumer<JsonNode> consumer) throws IOException {
    try (InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      boolean tooLong = false;
      for (int b = bytes.read(); b >= 0; b = bytes.read()) {
        if (b == '\n') {
          accept(line, tooLong, consumer);
          line.reset();
          tooLong = false;
        } else if (line.size() < LONGEST) {
          line.write(b);
        } else {
          tooLong = true;
        }
      }
      accept(line, tooLong, consumer);
    }
  }

  private void accept(ByteArrayOutputStream line, boolean tooLong, Consumer<JsonNode> consumer) {
    if (tooLong || line.size() == 0) {
      return;
    }
    try {
      JsonNode node = mapper.readTree(line.toString(UTF_8));
      if (node.isObject()) {
        consumer.accept(node);
      }
    } catch (JsonProcessingException torn) { // what was lost with it cannot be known
    }
  }
}
