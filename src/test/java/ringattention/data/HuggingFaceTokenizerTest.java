package ringattention.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.config.InputException;

class HuggingFaceTokenizerTest {
  @TempDir Path folder;

  private static Tokenizer tokenizer(Path path, String... more) {
    String[] all = new String[more.length + 1];
    all[0] = "data.tokenizer=" + path;
    System.arraycopy(more, 0, all, 1, more.length);
    return Tokenizer.of(Given.configuration(Path.of("any"), all));
  }

  /** The file asks for at most 3 tokens and padding to 8, which is not for corpora. */
  @Test
  void wordsWholeAndUnpadded() throws IOException {
    try (Tokenizer words = tokenizer(Given.WORDS.resolve("tokenizer.json"))) {
      assertArrayEquals(
          new int[] {3, 4, 2, 5, 3}, words.encode("red green\nyellow blue  red".getBytes(UTF_8)));
      assertEquals(1, words.end()); // by tokenizer_config.json
      assertEquals(OptionalInt.of(0), words.begin());
      assertEquals(6, words.vocabulary());
    }
  }

  @Test
  void pairsWithBytesForWhatHasNoToken() throws IOException {
    try (Tokenizer pairs = tokenizer(Given.PAIRS)) {
      int[] tokens = pairs.encode("yes \ud83d\ude00no".getBytes(UTF_8));
      assertArrayEquals(new int[] {363, 259, 243, 162, 155, 131, 359}, tokens);
      assertEquals(2, pairs.end()); // </s>, by its name
      assertEquals(OptionalInt.of(1), pairs.begin());
      assertEquals(368, pairs.vocabulary());
    }
  }

  /** The smile is one character, two chars of Java and four bytes. */
  @Test
  void placesAreIndicesIntoTheString() {
    String text = "no \ud83d\ude00 yes";
    try (Tokenizer pairs = tokenizer(Given.PAIRS)) {
      Tokenizer.Spans spans = pairs.spans(text);
      assertArrayEquals(new int[] {360, 259, 243, 162, 155, 131, 363}, spans.tokens());
      assertArrayEquals(new int[] {0, 2, 3, 3, 3, 3, 5}, spans.starts());
    }
    Tokenizer.Spans bytes = new ByteTokenizer().spans(text);
    assertArrayEquals(new int[] {0, 1, 2, 3, 3, 3, 3, 5, 6, 7, 8}, bytes.starts());
    assertArrayEquals(ByteTokenizer.tokens(text.getBytes(UTF_8)), bytes.tokens());
  }

  @Test
  void otherTokensOtherFingerprint() throws IOException {
    Path copy = folder.resolve("tokenizer.json");
    Files.copy(Given.WORDS.resolve("tokenizer.json"), copy);
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"eos_token\": \"<unk>\"}");
    String unknown = tokenizer(folder).fingerprint();
    assertNotEquals(tokenizer(Given.WORDS).fingerprint(), unknown);
    Files.copy(
        Given.WORDS.resolve("tokenizer_config.json"), config, StandardCopyOption.REPLACE_EXISTING);
    assertEquals(tokenizer(Given.WORDS).fingerprint(), tokenizer(folder).fingerprint());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"model": 3            | FILE is not JSON: Unexpected end-of-input: expected close marker for Object
          {"model": {}}          | FILE has no vocabulary
          {"model": {"vocab": {"a": 0}}} | FILE has no token that ends a document: name it as eos_token in tokenizer_config.json beside it
          {"model": {"vocab": {"</s>": 0}}} | FILE is not a tokenizer: data did not match any variant of untagged enum ModelUntagged at line 1 column 33
          """)
  void filesThatAreNoTokenizer(String json, String problem) throws IOException {
    Path file = Files.writeString(folder.resolve("tokenizer.json"), json);
    InputException error = assertThrows(InputException.class, () -> tokenizer(file));
    assertEquals(
        "-D data.tokenizer = \"" + file + "\": " + problem.replace("FILE", file.toString()),
        error.getMessage());
  }

  @Test
  void missingFile() {
    InputException error = assertThrows(InputException.class, () -> tokenizer(folder));
    assertEquals(
        "-D data.tokenizer = \"" + folder + "\": no such file: " + folder.resolve("tokenizer.json"),
        error.getMessage());
  }

  @Test
  void tokensMustFitTheModel() {
    tokenizer(Given.PAIRS, "model.vocabulary=368").close();
    InputException error =
        assertThrows(InputException.class, () -> tokenizer(Given.PAIRS, "model.vocabulary=367"));
    assertEquals(
        "-D data.tokenizer = \""
            + Given.PAIRS
            + "\": has tokens up to 367, must be below model.vocabulary (367)",
        error.getMessage());
    InputException bytes =
        assertThrows(
            InputException.class,
            () -> Tokenizer.of(Given.configuration(folder, "model.vocabulary=255")));
    assertEquals(
        "no input file: data.tokenizer = \"bytes\": has tokens up to 255, must be below"
            + " model.vocabulary (255)",
        bytes.getMessage());
  }
}
