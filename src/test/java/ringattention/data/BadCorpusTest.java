package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/** What a user reads of a corpus that is not what the input says: one line, file and key. */
class BadCorpusTest {
  @TempDir Path folder;

  private void assertError(Path file, String expected, String... more) {
    Configuration configuration = Given.configuration(file, more);
    InputException error =
        assertThrows(InputException.class, () -> Given.samples(configuration), expected);
    assertEquals(expected.replace("FILE", file.toString()), error.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"text": "a"};{"text": "b" | -D data.path = "FILE": FILE:2: not valid JSON: Unexpected end-of-input: expected close marker for Object
          {"text": "a"};;{"text": "b"} {} | -D data.path = "FILE": FILE:3: must be one JSON object in a line
          {"text": "a"};"b" | -D data.path = "FILE": FILE:2: must be a JSON object
          [{"text": "a"},;;{"text": }] | -D data.path = "FILE": FILE:3: not valid JSON: Unexpected character ('}' (code 125)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
          [{"text": "a"},;7] | -D data.path = "FILE": FILE:2: must be a JSON object
          [{"text": "a"}];{"text": "b"} | -D data.path = "FILE": FILE:2: must be a JSON array, as all before it
          ;[{"text": "a"}];;[{"text": "b"},;7] | -D data.path = "FILE": FILE:5: must be a JSON object
          [{"text": "a"}], | -D data.path = "FILE": FILE:1: not valid JSON: Unexpected character (',' (code 44)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
          [{"text": "a"} | -D data.path = "FILE": FILE:1: not valid JSON: Unexpected end-of-input: expected close marker for Array
          {"text": "a"};{"body": "b"} | no input file: data.field = "text": FILE:2: must name a text, there is none
          {"text": ["a"]} | no input file: data.field = "text": FILE:1: must name a text, it is ARRAY
          {"text": ""}; | -D data.path = "FILE": FILE holds no document
          ; | -D data.path = "FILE": FILE holds no document
          {"text": "fourteen chars"} | -D data.path = "FILE": has 15 tokens in 1 documents, must have at least train.sequence (16)
          """)
  void lines(String text, String expected) throws IOException {
    Path file = Files.writeString(folder.resolve("x.jsonl"), text.replace(';', '\n'));
    assertError(file, expected, "data.format=jsonl");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"text": "a"} | -D data.path = "FILE": FILE:1: must have a list messages or conversations, or texts instruction and output; has text
          {"conversations": "a"} | -D data.path = "FILE": FILE:1: conversations must be a list of messages, it is STRING
          {"conversations": []} | -D data.path = "FILE": FILE:1: the conversation is empty
          {"conversations": [U]} | -D data.path = "FILE": FILE:1: the conversation has no answer to learn
          {"conversations": [A]} | -D data.path = "FILE": FILE:1: the conversation has no answer to a question
          {"conversations": [U, A]};{"conversations": [U, A, {"from": "bot", "value": "x"}]} | -D data.path = "FILE": FILE:2: message 3: unknown role "bot", there are human, user, gpt, assistant, system, tool, observation, function_call
          {"conversations": [U, A, A]} | -D data.path = "FILE": FILE:1: message 3: user and assistant must take turns in the words of vicuna; a chat template (data.template) may know other turns
          {"conversations": [S, A, U, U]} | -D data.path = "FILE": FILE:1: the conversation has no answer to a question
          {"conversations": [S, U, U, A]} | -D data.path = "FILE": FILE:1: message 3: user and assistant must take turns in the words of vicuna; a chat template (data.template) may know other turns
          {"conversations": [U, S]} | -D data.path = "FILE": FILE:1: the conversation has no answer to learn
          {"conversations": [U, {"from": "gpt", "value": 3}]} | -D data.path = "FILE": FILE:1: message 2: its content must be a text or a list of parts, it is NUMBER
          """)
  void conversations(String text, String expected) throws IOException {
    String json =
        text.replace(';', '\n')
            .replace("U", "{\"from\": \"human\", \"value\": \"q\"}")
            .replace("A", "{\"from\": \"gpt\", \"value\": \"a\"}")
            .replace("S", "{\"from\": \"system\", \"value\": \"s\"}");
    Path file = Files.writeString(folder.resolve("x.jsonl"), json);
    assertError(file, expected, "data.format=conversations");
  }

  /** What the parser refuses without saying where. */
  @ParameterizedTest
  @CsvSource({
    "[, Document nesting depth (1001) exceeds the maximum allowed (1000",
    "9, Number value length (1001) exceeds the maximum allowed (1000"
  })
  void limitsOfTheParserHaveAPlace(String repeated, String problem) throws IOException {
    String object = "{\"n\": " + repeated.repeat(1001) + ", \"text\": \"b\"}";
    for (String before : List.of("\n{\"text\": \"a\"}\n", "\n[{\"text\": \"a\"},\n")) {
      Path file = Files.writeString(folder.resolve("x"), before + object);
      Configuration configuration = Given.configuration(file, "data.format=jsonl");
      InputException error = assertThrows(InputException.class, () -> Given.samples(configuration));
      String expected = "-D data.path = \"" + file + "\": " + file + ":3: not valid JSON: ";
      assertTrue(error.getMessage().startsWith(expected + problem), error.getMessage());
    }
  }

  @Test
  void documentMultipleMustDivideTheSequence() throws IOException {
    Path file = Files.writeString(folder.resolve("x"), "a text that is long enough");
    assertError(
        file,
        "-D data.documentMultiple = 5: must divide train.sequence (16)",
        "data.documents=true",
        "data.documentMultiple=5");
  }

  @Test
  void notUtf8() throws IOException {
    Path file = Files.write(folder.resolve("x"), new byte[] {'{', -1, -1});
    assertError(file, "-D data.path = \"FILE\": FILE must be UTF-8 text", "data.format=jsonl");
  }

  /** WordLevel without a token for the unknown refuses what it does not know. */
  @Test
  void whatTheTokenizerCannotEncode() throws IOException {
    String json = Files.readString(Given.WORDS.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer.json"),
        json.replace("\"unk_token\": \"<unk>\"", "\"unk_token\": \"none\""));
    Files.copy(
        Given.WORDS.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
    Path file = Files.writeString(folder.resolve("x.jsonl"), "{\"text\": \"yellow\"}");
    assertError(
        file,
        "-D data.tokenizer = \""
            + folder
            + "\": cannot encode FILE:1: there is no token for a part of it (WordLevel error: Missing"
            + " [UNK] token from the vocabulary)",
        "data.format=jsonl",
        "data.tokenizer=" + folder);
    String known = "{\"text\": \"" + "red green ".repeat(9) + "\"}";
    String[] how = {"data.format=jsonl", "data.tokenizer=" + folder};
    try (Samples samples =
        Given.samples(Given.configuration(Files.writeString(file, known), how))) {
      assertEquals(20, samples.tokens()); // with the tokens that begin and end it
    }
  }
}
