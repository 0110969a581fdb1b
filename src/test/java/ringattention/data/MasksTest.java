package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tokens and masks of conversations are those of a reference, {@code masks.py}, which tokenizes
 * what Python's Jinja renders and finds answers by the words around them.
 */
class MasksTest {
  private static final Path FOLDER = Path.of("src/test/resources/masks");

  @TempDir Path folder;

  /** A tokenizer whose files name its special tokens: what pads is what ends. */
  @BeforeEach
  void tokenizer() throws IOException {
    Files.copy(Given.PAIRS.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"pad_token\": \"</s>\"}");
  }

  private static List<JsonNode> cases() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    try (var lines = Files.lines(FOLDER.resolve("masks.jsonl"))) {
      return lines
          .map(
              line -> {
                try {
                  return mapper.readTree(line);
                } catch (IOException malformed) {
                  throw new IllegalStateException(malformed);
                }
              })
          .toList();
    }
  }

  private String[] keys(String template, String tokenizer) {
    return new String[] {
      "data.format=conversations",
      "data.template=" + (template.endsWith(".jinja") ? FOLDER.resolve(template) : template),
      "data.tokenizer=" + (tokenizer.equals("bytes") ? tokenizer : folder)
    };
  }

  private static String learned(int... entries) {
    return Arrays.stream(entries)
        .mapToObj(entry -> entry >= 0 ? "1" : "0")
        .collect(Collectors.joining());
  }

  @Test
  void tokensAndMasksAreThoseOfTheReference() throws IOException {
    List<JsonNode> cases = cases();
    for (JsonNode one : cases) {
      String template = one.get("template").asText();
      String tokenizer = one.get("tokenizer").asText();
      String name = one.get("kind").asText() + " with " + template + " and " + tokenizer;
      Path file = Files.writeString(folder.resolve("talk.jsonl"), one.get("record").toString());
      try (TokenFile tokens = Given.tokens(file, keys(template, tokenizer))) {
        int[] entries = tokens.entries(0, (int) tokens.tokens());
        List<Integer> expected =
            StreamSupport.stream(one.get("tokens").spliterator(), false)
                .map(JsonNode::asInt)
                .toList();
        assertEquals(
            expected, Arrays.stream(entries).map(TokenStream::token).boxed().toList(), name);
        assertEquals(one.get("learned").asText(), learned(entries), name);
      }
    }
    assertTrue(cases.size() > 100, "all kinds with all templates and both tokenizers");
  }

  /** In a padded sequence an answer's end is learned, and the same token as padding is not. */
  @Test
  void theEndTokenIsLearnedThoughItPads() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("talk.jsonl"), "{\"instruction\": \"q\", \"output\": \"yes\"}\n");
    String[] how = keys("mistral", "pairs");
    int length;
    try (TokenFile tokens = Given.tokens(file, how)) {
      length = (int) tokens.tokens(); // <s> _ [ I ... yes </s>
    }
    int multiple = length + 3;
    try (Samples samples =
        Given.samples(
            Given.configuration(
                file,
                how[0],
                how[1],
                how[2],
                "data.documentMultiple=" + multiple,
                "train.sequence=" + multiple))) {
      Sample sample = samples.sample(0);
      assertEquals(2, sample.tokens()[length - 1]);
      assertEquals(2, sample.labels()[length - 2], "the end of the answer");
      for (int i = length; i < multiple; i++) {
        assertEquals(2, sample.tokens()[i], "padding at " + i);
      }
      for (int i = length - 1; i < multiple; i++) {
        assertEquals(Sample.NO_LABEL, sample.labels()[i], "behind the answer, at " + i);
      }
    }
  }
}
