package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.data.Tokenizer;
import ringattention.input.Configuration;
import ringattention.input.InputException;

class GenerateConfigTest {
  private static Configuration configuration(String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.add("data.path=any");
    return Sections.INPUTS.defaults(all);
  }

  private static GenerateConfig config(String... overrides) {
    return configuration(overrides).get(GenerateConfig.SECTION);
  }

  private static Set<Integer> ends(String... overrides) {
    Configuration configuration = configuration(overrides);
    try (Tokenizer tokenizer = Tokenizer.of(configuration, 400)) {
      return configuration.get(GenerateConfig.SECTION).ends(tokenizer, configuration.source());
    }
  }

  @Test
  void defaults() {
    assertEquals(
        new GenerateConfig(
            Optional.empty(),
            "auto",
            Optional.empty(),
            new Settings(128, 1, new Sampling(0, 0, 1, 1, 1), List.of()),
            List.of(),
            8,
            false,
            false),
        config());
  }

  @Test
  void allKeys() {
    assertEquals(
        new GenerateConfig(
            Optional.of("folder"),
            "chatml",
            Optional.of(Path.of("p.jsonl")),
            new Settings(7, 2, new Sampling(.5, 3, .9, 1.1, -5), List.of("\n\n", "END")),
            List.of(2, "</s>"),
            4,
            true,
            true),
        config(
            "generate.tokenizer=folder",
            "generate.template=chatml",
            "generate.prompts=p.jsonl",
            "generate.maxNewTokens=7",
            "generate.samples=2",
            "generate.temperature=0.5",
            "generate.topK=3",
            "generate.topP=0.9",
            "generate.repetitionPenalty=1.1",
            "generate.seed=-5",
            "generate.stop=[\"\\n\\n\", \"END\"]",
            "generate.endTokens=[2, \"</s>\"]",
            "generate.batch=4",
            "generate.logProbabilities=true",
            "generate.ignoreEnd=true"));
  }

  /** The values that a run used are an input again. */
  @Test
  void usedInputsAreInputs(@TempDir Path folder) throws Exception {
    Configuration configuration =
        configuration("generate.stop=[\"\\n\"]", "generate.endTokens=[2, \"\\n\"]");
    Path file = Files.writeString(folder.resolve("used.toml"), configuration.source().toml());
    assertEquals(
        configuration.get(GenerateConfig.SECTION),
        Sections.INPUTS.read(file, List.of()).get(GenerateConfig.SECTION));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          maxNewTokens | 0      | 0: must be a whole number, at least 1
          temperature  | -0.5   | -0.5: must be a number, at least 0
          topP         | 0      | 0: must be a number, above 0, at most 1
          topP         | 1.01   | 1.01: must be a number, above 0, at most 1
          batch        | 17     | 17: must be a whole number, 1 to 16
          stop         | [""]   | [""]: must be a list of texts, each not empty
          endTokens    | [-1]   | [-1]: must be a list of whole numbers or texts, each at least 0, or not empty
          """)
  void wrongValues(String key, String value, String problem) {
    InputException error =
        assertThrows(InputException.class, () -> config("generate." + key + "=" + value));
    assertEquals("-D generate." + key + " = " + problem, error.getMessage());
  }

  @Test
  void endTokensAreIdsOrSpellings() {
    assertEquals(Set.of(10), ends());
    String pairs = "data.tokenizer=src/test/resources/tokenizers/pairs";
    assertEquals(Set.of(2), ends(pairs));
    assertEquals(Set.of(1, 363), ends(pairs, "generate.endTokens=[363, \"<s>\"]"));
    InputException unknown =
        assertThrows(
            InputException.class, () -> ends(pairs, "generate.endTokens=[\"<|eot_id|>\"]"));
    assertEquals(
        "-D generate.endTokens = [\"<|eot_id|>\"]: \"<|eot_id|>\" is no token of the tokenizer",
        unknown.getMessage());
    InputException large =
        assertThrows(InputException.class, () -> ends(pairs, "generate.endTokens=[368]"));
    assertTrue(large.getMessage().endsWith("the number 368 is no token of the tokenizer"));
  }
}
