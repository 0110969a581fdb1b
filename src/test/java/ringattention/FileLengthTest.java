package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Files that a reader finishes. */
class FileLengthTest {
  private static final int MOST_LINES = 300;

  @Test
  void noFileIsLongerThanAReaderFinishes() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      assertEquals(
          Set.of(),
          files
              .filter(file -> file.toString().endsWith(".java") && lines(file) > MOST_LINES)
              .map(file -> file.getFileName().toString())
              .collect(Collectors.toCollection(TreeSet::new)));
    }
  }

  private static long lines(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
