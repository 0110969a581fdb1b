package ringattention.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.command.Sections;

/**
 * The table in docs/inputs.md says what the code does: same keys in the same order, types,
 * defaults, ranges.
 */
class InputDocumentationTest {
  @Test
  void tableMatchesCode() throws IOException {
    List<String[]> rows =
        Files.readAllLines(Path.of("docs/inputs.md")).stream()
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.substring(2, line.length() - 2).split(" \\| "))
            .toList();
    List<Key> documented =
        rows.stream().map(row -> new Key(row[0].replace("`", ""), row[1], row[2], row[3])).toList();
    assertEquals(Sections.INPUTS.keys(), documented);
    rows.forEach(row -> assertFalse(row[4].isBlank(), row[0] + " has no meaning"));
  }
}
