package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.InputException;

class HuggingFaceTokenizerTest {
  @TempDir Path folder;

  private static Tokenizer tokenizer(Path path, String... more) {
    String[] all = new String[more.length + 1];
    all[0] = "data.tokenizer=" + path;
    System.arraycopy(more, 0, all, 1, more.length);
    return Given.tokenizer(Given.configuration(Path.of("any"), all));
  }

  /** The file asks for at most 3 tokens and padding to 8, which is not for corpora. */
  @Test
  void wordsWholeAndUnpadded() throws IOException {
    try (Tokenizer words = tokenizer(Given.WORDS.resolve("tokenizer.json"))) {
      assertArrayEquals(new int[] {3, 4, 2, 5, 3}, words.encode("red green\nyellow blue  red"));
      assertEquals(1, words.end()); // by tokenizer_config.json
      assertArrayEquals(new int[] {0}, words.begin());
      assertEquals(6, words.vocabulary());
    }
  }

  @Test
  void pairsWithBytesForWhatHasNoToken() throws IOException {
    try (Tokenizer pairs = tokenizer(Given.PAIRS)) {
      int[] tokens = pairs.encode("yes \ud83d\ude00no");
      assertArrayEquals(new int[] {363, 259, 243, 162, 155, 131, 359}, tokens);
      assertEquals(2, pairs.end()); // </s>, by its name
      assertArrayEquals(new int[] {1}, pairs.begin());
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
    assertArrayEquals(ByteTokenizer.tokens(text.getBytes(StandardCharsets.UTF_8)), bytes.tokens());
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

  /** Ranks and resumed runs compare contents, wherever the files lie. */
  @Test
  void digestIsOfContents() throws IOException {
    Files.copy(Given.WORDS.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Path config = folder.resolve("tokenizer_config.json");
    Files.copy(Given.WORDS.resolve("tokenizer_config.json"), config);
    String words = digest(Given.WORDS);
    assertTrue(words.matches("[0-9a-f]{64}"), words);
    assertEquals(words, digest(folder));
    Files.writeString(config, "{\"eos_token\": \"<unk>\"}");
    assertNotEquals(words, digest(folder));
    assertEquals("bytes", Tokenizer.digest(Given.configuration(folder)));
  }

  private static String digest(Path path) {
    return Tokenizer.digest(Given.configuration(Path.of("any"), "data.tokenizer=" + path));
  }

  /** What files name must be there; what they leave empty is as if it were not named. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tokenizer_config.json   | {"eos_token": "<im_end>"} | eos_token = "<im_end>"
          special_tokens_map.json | {"eos_token": {"content": "x"}} | eos_token = {"content":"x"}
          tokenizer_config.json   | {"eos_token": "<stop>", "bos_token": "<b>"} | bos_token = "<b>"
          special_tokens_map.json | {"eos_token": 7} | eos_token = 7
          special_tokens_map.json | {"eos_token": {}} | eos_token = {}
          tokenizer_config.json   | {"eos_token": "<begin>", "bos_token": ""} |
          special_tokens_map.json | {"eos_token": "<begin>", "bos_token": null} |
          """)
  void namedTokensMustBeThere(String name, String config, String problem) throws IOException {
    Files.copy(Given.WORDS.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Path file = Files.writeString(folder.resolve(name), config);
    if (problem == null) {
      try (Tokenizer words = tokenizer(folder)) {
        assertEquals(0, words.end());
      }
      return;
    }
    InputException error = assertThrows(InputException.class, () -> tokenizer(folder));
    assertEquals(
        "-D data.tokenizer = \""
            + folder
            + "\": "
            + file
            + ": "
            + problem
            + ": must be a token of tokenizer.json",
        error.getMessage());
  }

  /** The end among them; what the template puts behind a text is not its beginning. */
  @ParameterizedTest
  @CsvSource({"END BEGIN TEXT, 1 0", "END TEXT, 1", "BEGIN BEGIN TEXT END, 0 0", "TEXT END,"})
  void allThatTheTemplatePutsBeforeATextBeginsIt(String template, String begin) throws IOException {
    String single =
        template
            .replace("END", "{\"SpecialToken\": {\"id\": \"<stop>\", \"type_id\": 0}}")
            .replace("BEGIN", "{\"SpecialToken\": {\"id\": \"<begin>\", \"type_id\": 0}}")
            .replace("TEXT", "{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}")
            .replace("}} {", "}}, {");
    ObjectMapper mapper = new ObjectMapper();
    JsonNode all = mapper.readTree(Given.WORDS.resolve("tokenizer.json").toFile());
    ObjectNode processor = (ObjectNode) all.get("post_processor");
    processor.set("single", mapper.readTree("[" + single + "]"));
    processor.set(
        "special_tokens",
        mapper.readTree(
            """
            {"<begin>": {"id": "<begin>", "ids": [0], "tokens": ["<begin>"]},
             "<stop>": {"id": "<stop>", "ids": [1], "tokens": ["<stop>"]}}"""));
    Files.writeString(folder.resolve("tokenizer.json"), all.toString());
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"<stop>\"}");
    try (Tokenizer words = tokenizer(folder)) {
      int[] expected =
          begin == null
              ? new int[0]
              : Arrays.stream(begin.split(" ")).mapToInt(Integer::parseInt).toArray();
      assertArrayEquals(expected, words.begin());
    }
  }

  @Test
  void diceAreRefused() throws IOException {
    String json = Files.readString(Given.PAIRS.resolve("tokenizer.json"));
    Path file =
        Files.writeString(
            folder.resolve("tokenizer.json"),
            json.replaceFirst("\"dropout\": *null", "\"dropout\": 0.1"));
    InputException error = assertThrows(InputException.class, () -> tokenizer(file));
    assertTrue(error.getMessage().contains("model.dropout = 0.1: must be null"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"model": 3            | FILE is not JSON: Unexpected end-of-input: expected close marker for Object
          {"model": {}}          | FILE has no vocabulary
          {"model": {"vocab": {"a": -1}}} | FILE: the id of token a is no number of a token
          {"model": {"vocab": {"a": 2147483647}}} | FILE: the id of token a is no number of a token
          {"model": {"vocab": {"a": "b"}}} | FILE: the id of token a is no number of a token
          {"model": {"vocab": {"a": 0}}, "post_processor": {"single": [{"SpecialToken": {"id": "x"}}]}} | FILE: post_processor: "x" is not one of its special_tokens
          {"model": {"vocab": {"a": 0}}, "post_processor": {"processors": [{"pair": [{"SpecialToken": {"id": "x"}}]}]}} | FILE: post_processor: "x" is not one of its special_tokens
          {"model": {"vocab": {"a": 0}}} | FILE has no token that ends a document: name it as eos_token in tokenizer_config.json beside it
          {"model": {"vocab": {"</s>": 0}}, "added_tokens": [{"id": 0, "content": "</s>"}]} | FILE is not a tokenizer: data did not match any variant of untagged enum ModelUntagged at line 1 column 32
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
            () -> Given.tokenizer(Given.configuration(folder, "model.vocabulary=255")));
    assertEquals(
        "no input file: data.tokenizer = \"bytes\": has tokens up to 255, must be below"
            + " model.vocabulary (255)",
        bytes.getMessage());
  }
}
