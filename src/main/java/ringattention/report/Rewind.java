package ringattention.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Takes the files of an interrupted run back to a step: what they say of later steps goes, for the
 * run is going to say it again, and so does a last line that was not written whole.
 */
final class Rewind {
  /** Files that grow, and which of their lines belong to a step. */
  private static final Map<String, Pattern> GROWING = new LinkedHashMap<>();

  static {
    GROWING.put("steps.csv", Pattern.compile("(\\d+),"));
    GROWING.put("validation_sources.csv", Pattern.compile("(\\d+),"));
    GROWING.put("run.jsonl", Pattern.compile("\\{\"event\":\"\\w+\",\"step\":(\\d+)[,}]"));
    GROWING.put("run.log", Pattern.compile("(?:at \\S+ after )?step +(\\d+)(?:[/ ]|$)"));
  }

  private Rewind() {}

  /**
   * @throws OutputException if a file cannot be written
   */
  static void to(long step, Path folder) {
    GROWING.forEach((name, pattern) -> cut(folder.resolve(name), pattern, step));
    try {
      Files.deleteIfExists(folder.resolve("summary.json")); // of the run that ended before its end
    } catch (IOException e) {
      throw RunFolder.cannotWrite(folder.resolve("summary.json"), e);
    }
  }

  private static void cut(Path file, Pattern pattern, long step) {
    if (!Files.exists(file)) {
      return;
    }
    Path temporary = file.resolveSibling(file.getFileName() + ".part");
    try {
      String text = Files.readString(file, UTF_8);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      String kept =
          whole
              .lines()
              .filter(line -> !isLater(pattern.matcher(line), step))
              .map(line -> line + "\n")
              .collect(Collectors.joining());
      Files.writeString(temporary, kept, UTF_8);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw RunFolder.cannotWrite(file, e);
    }
  }

  private static boolean isLater(Matcher line, long step) {
    return line.lookingAt() && Long.parseLong(line.group(1)) > step;
  }
}
