package ringattention.infer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import ringattention.report.OutputException;

/** {@code generations.jsonl}: an object for every answer that ended, a line each. */
public final class GenerationsFile implements GenerationListener {
  public static final String NAME = "generations.jsonl";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Consumer<String> lines;

  /**
   * @param lines takes a line of the run's folder
   */
  public GenerationsFile(Consumer<String> lines) {
    this.lines = lines;
  }

  /**
   * @throws OutputException if the line cannot be written
   */
  @Override
  public void ended(GenerationResult result) {
    try {
      lines.accept(MAPPER.writeValueAsString(result.fields()));
    } catch (JsonProcessingException impossible) { // texts and finite numbers
      throw new IllegalStateException(impossible);
    }
  }

  /**
   * Returns the answers of a file that need not be made again, and leaves only them in it, so that
   * a run that goes on writes every answer once. Those that were interrupted or refused, and a line
   * that was not written whole, are cut out.
   *
   * @throws OutputException if it cannot be read or written
   */
  public static Set<SampleKey> rewind(Path file) {
    Map<SampleKey, String> done = done(file);
    if (!Files.exists(file)) {
      return Set.of();
    }
    Path temporary = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.write(temporary, done.values(), UTF_8);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return done.keySet();
    } catch (IOException e) {
      throw new OutputException(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  private static Map<SampleKey, String> done(Path file) {
    Map<SampleKey, String> done = new LinkedHashMap<>();
    if (Files.exists(file)) {
      try {
        String text = new String(Files.readAllBytes(file), UTF_8); // it may end within a character
        String whole = text.substring(0, text.lastIndexOf('\n') + 1);
        whole.lines().forEach(line -> key(line).ifPresent(key -> done.put(key, line)));
      } catch (IOException e) {
        throw new OutputException(file + " cannot be read: " + e.getMessage(), e);
      }
    }
    return done;
  }

  /** Returns what a line holds, if that is done. */
  private static Optional<SampleKey> key(String line) {
    try {
      JsonNode node = MAPPER.readTree(line);
      String finish = node.path("finish").asText();
      boolean done =
          Arrays.stream(Finish.values())
              .anyMatch(one -> one.isDone() && one.toString().equals(finish));
      return done && node.path("id").isTextual() && node.path("sample").isInt()
          ? Optional.of(new SampleKey(node.get("id").textValue(), node.get("sample").intValue()))
          : Optional.empty();
    } catch (JsonProcessingException torn) {
      return Optional.empty();
    }
  }
}
