package ringattention.evaluate.suite;

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
import ringattention.data.Tokenizer;
import ringattention.input.InputException;

/** Test files in LongEval's form. */
class LongEvalFilesTest {
  private static final String GOOD =
      "{\"random_idx\": [\"red-otter\", 1], \"expected_number\": 77, \"num_lines\": 3,"
          + " \"correct_line\": \"line red-otter: REGISTER_CONTENT is <77>\\n\","
          + " \"prompt\": \"Remember:\\nline b-c: REGISTER_CONTENT is <5>\\n"
          + "line red-otter: REGISTER_CONTENT is <77>\\nline d-e: REGISTER_CONTENT is <770>\\n"
          + "Which? I need the number. \", \"token_size\": 40}";

  @TempDir Path folder;

  private SuiteCases cases(Path path) {
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      return Given.cases(tokenizer, "name=lines", "path=" + path);
    }
  }

  @Test
  void readsAFolder() throws IOException {
    Files.writeString(folder.resolve("b.jsonl"), GOOD + "\n\n" + GOOD.replace("er: R", "er:  R"));
    Files.writeString(folder.resolve("a.jsonl"), GOOD.replace("lines\": 3", "lines\": 2"));
    Files.writeString(folder.resolve("README.md"), "no tests");
    List<Case> all = cases(folder).cases();
    assertEquals(
        List.of("a.jsonl:1", "b.jsonl:1", "b.jsonl:3"),
        all.stream().map(one -> one.request().id()).toList());
    int tokens = all.get(0).request().tokens();
    assertEquals(tokens + 100, all.get(0).length());
    assertEquals(tokens + 101, all.get(1).length()); // that of the longest with as many lines
    assertEquals(tokens + 101, all.get(2).length());
    assertEquals(List.of("77"), all.get(1).question().expected());
    assertEquals(50, all.get(1).question().depth());
    assertEquals(100, all.get(1).request().settings().maxNewTokens());
    try (Tokenizer tokenizer = Given.tokenizer(Given.BYTES)) {
      String text = Given.read(tokenizer, all.get(1));
      assertTrue(text.startsWith("Remember:\n") && text.endsWith("I need the number. "), text);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"expected_number\": 77   | \"expected_number\": \"77\" | expected_number must be",
        "\"num_lines\": 3          | \"num_lines\": 1            | random_idx must be",
        "\"num_lines\": 3,         | ``                          | num_lines must be",
        "\"prompt\"                | \"text\"                    | prompt must be a text",
        "is <5>                    | is <77>                     | prompt must have <77>",
        "is <77>                   | is <78>                     | prompt must have <77>",
        "{                         | [                           | not valid JSON"
      })
  void aBadLineIsNamed(String from, String to, String problem) throws IOException {
    Path file = folder.resolve("t.jsonl");
    Files.writeString(file, GOOD + "\n" + GOOD.replace(from, to) + "\n");
    InputException refused = assertThrows(InputException.class, () -> cases(file));
    assertTrue(refused.getMessage().contains("suite.path"), refused.getMessage());
    assertTrue(refused.getMessage().contains(file + ":2: " + problem), refused.getMessage());
    assertEquals(1, refused.getMessage().lines().count());
  }

  @Test
  void filesWithoutCases() throws IOException {
    Path file = Files.writeString(folder.resolve("empty.jsonl"), "\n");
    for (Path path : List.of(file, folder.resolve("none.jsonl"))) {
      assertThrows(InputException.class, () -> cases(path));
    }
  }
}
