package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.config.Configuration;
import ringattention.config.InputException;

class TextDocumentsTest {
  @TempDir Path folder;

  private int[] entries(Path text, int pieceBytes, String... more) throws IOException {
    Configuration configuration = Given.configuration(text, more);
    Path file = folder.resolve("tokens");
    try (Tokenizer tokenizer = Tokenizer.of(configuration);
        TokenFileWriter writer = new TokenFileWriter(file)) {
      new TextDocuments(tokenizer, configuration.source(), pieceBytes).read(text, writer);
      writer.finish();
    }
    TokenFile tokens = TokenFile.open(file, configuration.source(), 1000);
    assertEquals(1, tokens.documents());
    return tokens.entries(0, (int) tokens.tokens());
  }

  /** Lines shorter and longer than a piece, characters of up to four bytes across its end. */
  @ParameterizedTest
  @ValueSource(ints = {4, 5, 7, 64, 1 << 20})
  void piecesLoseNothing(int pieceBytes) throws IOException {
    String text = "a\nbc\n\n\u00e9\u20ac\ud83d\ude00\ud83d\ude00\u20acx\u00e9 and so on";
    Path file = Files.writeString(folder.resolve("text"), text);
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8); // the end of a document
    assertArrayEquals(ByteTokenizer.tokens(bytes), entries(file, pieceBytes));
    // no piece may end inside a character, which this tokenizer would refuse
    int[] byteTokens =
        Arrays.stream(entries(file, pieceBytes, "data.tokenizer=" + Given.PAIRS))
            .filter(token -> token >= 3 + 0x80 && token < 3 + 0x100)
            .map(token -> token - 3)
            .toArray();
    int[] expected = Arrays.stream(ByteTokenizer.tokens(bytes)).filter(b -> b >= 0x80).toArray();
    assertArrayEquals(expected, byteTokens);
  }

  @Test
  void beginsAndEndsWithTheTokenizersTokens() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), "red blue");
    int[] entries = entries(file, 64, "data.tokenizer=" + Given.WORDS);
    assertArrayEquals(new int[] {~0, 3, 5, 1}, entries); // the first is nobody's label
  }

  @Test
  void bytesThatAreNoTextNeedTheByteTokenizer() throws IOException {
    Path file = Files.write(folder.resolve("binary"), new byte[] {'a', -1, -2});
    assertArrayEquals(new int[] {'a', 255, 254, '\n'}, entries(file, 64));
    InputException error =
        assertThrows(
            InputException.class, () -> entries(file, 64, "data.tokenizer=" + Given.PAIRS));
    assertEquals(
        "-D data.path = \"" + file + "\": " + file + " must be UTF-8 text for this tokenizer",
        error.getMessage());
  }
}
