package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/**
 * JSON of a tokenizer with another type at any of its places: it is taken, or refused in a line.
 */
class TokenizerTypesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> VALUES =
      List.of(
          "null", "true", "-1", "1.5", "\"x\"", "\"\"", "[]", "[[]]", "[1]", "{}", "{\"a\": 1}");

  @TempDir Path folder;

  @BeforeEach
  void copyTokenizer() throws IOException {
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(Given.WORDS.resolve(name), folder.resolve(name));
    }
  }

  @ParameterizedTest
  @CsvSource({"words, tokenizer.json", "words, tokenizer_config.json", "pairs, tokenizer.json"})
  void anotherTypeAnywhereIsRefusedOrTaken(String tokenizer, String name) throws IOException {
    Path from = Given.WORDS.resolveSibling(tokenizer);
    Path file = Files.writeString(folder.resolve(name), Files.readString(from.resolve(name)));
    JsonNode root = JSON.readTree(Files.readString(file));
    if (root.has("eos_token")) {
      ObjectNode template = ((ObjectNode) root).putArray("chat_template").addObject();
      template.put("name", "default").put("template", "{{ bos_token }}");
    }
    if (tokenizer.equals("pairs")) { // has a usual end, and nothing beside it
      Files.delete(folder.resolve("tokenizer_config.json"));
    }
    List<String> wrong = new ArrayList<>();
    int[] cases = new int[2]; // taken and refused
    every(root, () -> attempt(file, root, wrong, cases));
    assertEquals(List.of(), wrong);
    assertTrue(cases[0] > 10 && cases[1] > 10, cases[0] + " taken, " + cases[1] + " refused");
  }

  /** Puts each value into each place once, and what was there back again. */
  private static void every(JsonNode at, Runnable attempt) throws IOException {
    if (at instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      for (String name : names.size() > 40 ? names.subList(0, 3) : names) { // of a vocabulary
        JsonNode own = object.get(name);
        for (String value : VALUES) {
          object.set(name, JSON.readTree(value));
          attempt.run();
        }
        object.set(name, own);
        every(own, attempt);
      }
    } else if (at instanceof ArrayNode array) {
      for (int i = 0; i < Math.min(3, array.size()); i++) {
        JsonNode own = array.get(i);
        for (String value : VALUES) {
          array.set(i, JSON.readTree(value));
          attempt.run();
        }
        array.set(i, own);
        every(own, attempt);
      }
    }
  }

  private void attempt(Path file, JsonNode root, List<String> wrong, int... cases) {
    try {
      Files.writeString(file, root.toString());
      open();
      cases[0]++;
    } catch (InputException refused) {
      cases[1]++;
    } catch (IOException | RuntimeException other) {
      wrong.add(other + " at " + other.getStackTrace()[0] + " for " + root);
    }
  }

  /** Opens all that a run of conversations opens. */
  private void open() {
    Configuration configuration = Given.configuration(folder, "data.tokenizer=" + folder);
    TokenizerFolder.read(folder, "data.tokenizer", configuration.source(), 400);
    try (Tokenizer tokenizer = Given.tokenizer(configuration)) {
      TokenBytes.of(configuration);
      new ChatFormats("data.template", configuration.source())
          .of(DataConfig.AUTO, configuration.get(DataConfig.SECTION).tokenizerPath(), tokenizer);
    }
  }

  @Test
  void addedTokensAreAList() throws IOException {
    Path file = folder.resolve("tokenizer.json");
    String good = Files.readString(file);
    for (String value : List.of("null", "{}", "7", "\"<stop>\"")) {
      Files.writeString(
          file, good.replaceFirst("(?s)\"added_tokens\": \\[.*?\\]", "\"added_tokens\": " + value));
      assertEquals(
          "-D data.tokenizer = \"" + folder + "\": " + file + ": added_tokens must be a list",
          assertThrows(InputException.class, this::open).getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          7 | chat_template must be a text, or a list of them
          [{"name": "default", "template": 7}] | the chat template named default must be a text
          """)
  void aChatTemplateIsAText(String template, String message) throws IOException {
    Path file = folder.resolve("tokenizer_config.json");
    ObjectNode root = (ObjectNode) JSON.readTree(Files.readString(file));
    Files.writeString(file, root.set("chat_template", JSON.readTree(template)).toString());
    InputException error = assertThrows(InputException.class, this::open);
    assertTrue(error.getMessage().endsWith(file + ": " + message), error.getMessage());
  }
}
