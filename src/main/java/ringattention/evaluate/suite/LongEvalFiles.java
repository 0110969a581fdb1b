package ringattention.evaluate.suite;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import ringattention.data.JsonLinesReader;
import ringattention.input.InputException;

/**
 * Reads LongEval's test files of lines: JSON lines with {@code prompt}, {@code expected_number},
 * {@code num_lines} and {@code random_idx}, which is the key and the place of the line asked for.
 *
 * @param error makes the exception of what is wrong
 */
record LongEvalFiles(Function<String, InputException> error) {
  private static final Pattern NUMBER = Pattern.compile("<([0-9]+)>");

  /**
   * Returns the contexts, a question each, whose length is their number of lines.
   *
   * @param path a file, or a folder whose files end in {@code .jsonl}
   */
  List<Context> read(Path path) {
    List<Context> contexts = new ArrayList<>();
    for (Path file : files(path)) {
      try (InputStream stream = Files.newInputStream(file)) {
        JsonLinesReader.forEach(stream, lines(file, contexts));
      } catch (IOException unreadable) {
        throw error.apply(file + " cannot be read: " + unreadable.getMessage());
      }
    }
    if (contexts.isEmpty()) {
      throw error.apply("must hold test cases, found none");
    }
    return contexts;
  }

  private List<Path> files(Path path) {
    if (!Files.isDirectory(path)) {
      if (!Files.isRegularFile(path)) {
        throw error.apply("no such file or folder");
      }
      return List.of(path);
    }
    try (Stream<Path> files = Files.list(path)) {
      return files.filter(file -> file.toString().endsWith(".jsonl")).sorted().toList();
    } catch (IOException | UncheckedIOException unreadable) {
      throw error.apply("cannot be read: " + unreadable.getMessage());
    }
  }

  private JsonLinesReader.Consumer lines(Path file, List<Context> contexts) {
    return new JsonLinesReader.Consumer() {
      @Override
      public void accept(JsonNode object, long line) {
        try {
          contexts.add(context(file.getFileName() + ":" + line, object));
        } catch (IllegalArgumentException unsuitable) {
          problem(line, unsuitable.getMessage());
        }
      }

      @Override
      public void problem(long line, String reason) {
        throw error.apply(file + ":" + line + ": " + reason);
      }
    };
  }

  private static Context context(String id, JsonNode object) {
    JsonNode prompt = object.path("prompt");
    require(prompt.isTextual() && !prompt.textValue().isBlank(), "prompt must be a text");
    JsonNode expected = object.path("expected_number");
    require(
        expected.isIntegralNumber() && expected.longValue() >= 0,
        "expected_number must be a whole number, at least 0");
    JsonNode lines = object.path("num_lines");
    require(lines.isInt() && lines.intValue() >= 1, "num_lines must be a whole number, at least 1");
    JsonNode place = object.path("random_idx").path(1);
    require(
        place.isInt() && place.intValue() >= 0 && place.intValue() < lines.intValue(),
        "random_idx must be a name and a line from 0 to num_lines - 1");
    String number = expected.asText();
    require(
        times(number, prompt.textValue()) == 1,
        "prompt must have <" + number + ">, the expected number, once");
    double depth = lines.intValue() == 1 ? 0 : 100.0 * place.intValue() / (lines.intValue() - 1);
    return new Context(
        id,
        lines.intValue(),
        OptionalInt.empty(),
        prompt.textValue(),
        List.of(new Question("", "", List.of(number), depth)));
  }

  private static int times(String number, String prompt) {
    int times = 0;
    Matcher matcher = NUMBER.matcher(prompt);
    while (matcher.find()) {
      times += matcher.group(1).equals(number) ? 1 : 0;
    }
    return times;
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException(problem);
    }
  }
}
