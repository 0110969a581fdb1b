package ringattention.huggingface;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The longest text is raised, and nothing else is touched. */
class TokenizerConfigFileTest {
  private static String raised(String text, long positions) {
    return new String(TokenizerConfigFile.raised(text.getBytes(UTF_8), positions), UTF_8);
  }

  @ParameterizedTest
  @CsvSource({
    "2048, 4096, 4096",
    "4096, 4096, 4096",
    "131072, 4096, 131072",
    "2048.5, 4096, 4096",
    "1000000000000000019884624838656, 4096, 1000000000000000019884624838656",
    "1e30, 4096, 1e30",
    "null, 4096, null",
    "'\"2048\"', 4096, '\"2048\"'",
    "2048, 8589934592, 8589934592",
  })
  void aNumberBelowIsRaised(String before, long positions, String after) {
    String file =
        "{\n  \"ü\" : \"é{model_max_length\",\t\"model_max_length\":%s ,\"z\": [ {\"model_max_length\": 1}]}\n";
    assertEquals(file.formatted(after), raised(file.formatted(before), positions));
  }

  @Test
  void filesWithoutOneStay() {
    for (String text : new String[] {"{}", "{ \"a\": {\"model_max_length\": 1} }", "[]", "{", ""}) {
      assertEquals(text, raised(text, 10));
    }
  }

  /** Of two, Python takes the last. */
  @Test
  void theLastOneCounts() {
    assertEquals(
        "{\"model_max_length\": 5, \"model_max_length\": 10}",
        raised("{\"model_max_length\": 5, \"model_max_length\": 7}", 10));
  }
}
