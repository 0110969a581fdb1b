package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.command.Sections;
import ringattention.input.Configuration;
import ringattention.input.InputException;

class TextCorpusTest {
  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws IOException {
    Files.createDirectories(folder.resolve("b/inner"));
    Files.writeString(folder.resolve("c.txt"), "last");
    Files.writeString(folder.resolve("b/inner/x.java"), "inner");
    Files.writeString(folder.resolve("a.java"), "first \u00e9");
    Files.writeString(folder.resolve("b/empty.java"), "");
  }

  private static Configuration configuration(Path path, String... more) {
    List<String> overrides = new ArrayList<>(List.of(more));
    overrides.add("data.path=" + path);
    return Sections.INPUTS.defaults(overrides);
  }

  private static TextCorpus corpus(Configuration configuration) {
    return new TextCorpus(configuration, new CorpusFiles(configuration).all());
  }

  private static String text(TextCorpus corpus) {
    return new String(corpus.read(0, (int) corpus.tokens()), UTF_8);
  }

  @Test
  void filesInOrderOfTheirPaths() {
    assertEquals("first \u00e9\ninner\nlast", text(corpus(configuration(folder))));
  }

  @Test
  void extensionsSelect() {
    Configuration java = configuration(folder, "data.extensions=[\"java\"]");
    assertEquals("first \u00e9\ninner", text(corpus(java)));
  }

  @Test
  void oneFileWhateverItsExtension() {
    Configuration one = configuration(folder.resolve("c.txt"), "data.extensions=[\"java\"]");
    assertEquals("last", text(corpus(one)));
  }

  /** Every range, so every way to begin and end in a file, on a newline, or across several. */
  @Test
  void everyRange() {
    TextCorpus corpus = corpus(configuration(folder));
    byte[] whole = corpus.read(0, (int) corpus.tokens());
    for (int start = 0; start <= whole.length; start++) {
      for (int end = start; end <= whole.length; end++) {
        byte[] expected = Arrays.copyOfRange(whole, start, end);
        assertArrayEquals(expected, corpus.read(start, end - start), start + " to " + end);
      }
    }
    assertThrows(IndexOutOfBoundsException.class, () -> corpus.read(1, whole.length));
  }

  @Test
  void bytesAreTokens() throws IOException {
    Path file = Files.write(folder.resolve("bytes"), new byte[] {0, 127, -128, -1});
    assertArrayEquals(new int[] {0, 127, 128, 255}, corpus(configuration(file)).entries(0, 4));
  }

  @Test
  void nothingToRead() throws IOException {
    Path missing = folder.resolve("none");
    assertError(missing, "no such file or folder");
    assertError(folder.resolve("b/empty.java"), "must hold text, found 0 bytes");
    assertError(Files.createDirectory(folder.resolve("d")), "must hold text, found 0 bytes");
    String problem = "must hold text, found 0 bytes in files ending in .md, .rst";
    assertError(folder, problem, "data.extensions=[\"md\", \"rst\"]");
    assertError(Path.of("/dev/null"), "/dev/null is not a readable file");
  }

  @Test
  void aFileThatShrinksIsAnErrorNotAHang() throws IOException {
    Path file = folder.resolve("c.txt");
    TextCorpus corpus = corpus(configuration(file));
    Files.writeString(file, "la");
    InputException error = assertThrows(InputException.class, () -> corpus.read(0, 4));
    assertEquals(
        "-D data.path = \"" + file + "\": " + file + " has become shorter during the run",
        error.getMessage());
  }

  private static void assertError(Path path, String problem, String... more) {
    Configuration configuration = configuration(path, more);
    InputException error = assertThrows(InputException.class, () -> corpus(configuration));
    assertEquals("-D data.path = \"" + path + "\": " + problem, error.getMessage());
  }
}
