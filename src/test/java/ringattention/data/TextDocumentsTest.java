package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.input.InputException;

class TextDocumentsTest {
  @TempDir Path folder;

  private int[] entries(Path text, String... more) throws IOException {
    try (TokenFile tokens = Given.tokens(text, more)) {
      assertEquals(1, tokens.documents());
      return tokens.entries(0, (int) tokens.tokens());
    }
  }

  @Test
  void beginsAndEndsWithTheTokenizersTokens() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), "red blue");
    int[] entries = entries(file, "data.tokenizer=" + Given.WORDS);
    assertArrayEquals(new int[] {~0, 3, 5, 1}, entries); // the first is nobody's label
  }

  @Test
  void bytesThatAreNoTextNeedTheByteTokenizer() throws IOException {
    Path file = Files.write(folder.resolve("binary"), new byte[] {'a', -1, -2});
    assertArrayEquals(new int[] {'a', 255, 254, '\n'}, entries(file));
    InputException error =
        assertThrows(InputException.class, () -> entries(file, "data.tokenizer=" + Given.PAIRS));
    assertEquals(
        "-D data.path = \"" + file + "\": " + file + " must be UTF-8 text for this tokenizer",
        error.getMessage());
  }
}
