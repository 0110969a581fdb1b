package ringattention.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.command.Sections;
import ringattention.input.Configuration;
import ringattention.model.ModelConfig;

/** What the log says where the rotary embedding is not that of config.json. */
class RotaryReportTest {
  @TempDir Path folder;

  private List<String> lines(String rope, int positions, String... keys) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "llama", "vocab_size": 300, "hidden_size": 16, "num_hidden_layers": 2,
         "num_attention_heads": 4, "intermediate_size": 50, "max_position_embeddings": 8192,
         "rope_theta": 500000.0, "rope_scaling": """
            + rope
            + "}");
    List<String> all = new ArrayList<>(List.of("model.checkpoint=" + folder));
    all.addAll(List.of(keys));
    Configuration read = Sections.INPUTS.defaults(all);
    return RotaryReport.lines(read, read.get(ModelConfig.SECTION).forLength(positions));
  }

  @Test
  void nothingIsSaidOfWhatTheFileSays() throws IOException {
    assertEquals(List.of(), lines("null", 9));
    assertEquals(List.of(), lines("null", 9, "model.ropeTheta=5e5", "model.ropeScaling=default"));
  }

  /** transformers warns of these, and takes the factor. */
  @Test
  void factorsThatAreNoRatioOfContextsAreSaid() throws IOException {
    String yarn =
        "{\"rope_type\": \"yarn\", \"factor\": %s, \"original_max_position_embeddings\": 2048}";
    String line =
        "rotary embedding: rope_scaling.factor = 8.0 of config.json counts, not"
            + " max_position_embeddings / original_max_position_embeddings = 4.00000";
    assertEquals(List.of(line), lines(String.format(yarn, "8.0"), 9));
    assertEquals(List.of(), lines(String.format(yarn, "4.0"), 9));
    assertEquals(List.of(), lines("{\"rope_type\": \"yarn\", \"factor\": 8.0}", 9));
    List<String> replaced = lines(String.format(yarn, "8.0"), 9, "model.ropeFactor=4");
    assertEquals(2, replaced.size(), replaced.toString());
    assertEquals(
        List.of("rotary embedding: theta 500000, scaling yarn -> default (config.json -> input)"),
        lines(String.format(yarn, "8.0"), 9, "model.ropeScaling=default"));
  }

  @Test
  void whatReplacesTheFileIsSaid() throws IOException {
    String[] yarn = {"model.ropeTheta=8e6", "model.ropeScaling=yarn", "model.ropeFactor=4"};
    assertEquals(
        List.of(
            "rotary embedding: theta 500000 -> 8000000, scaling default -> yarn, factor 4"
                + " (config.json -> input)",
            "rotary embedding: original context 8192, attention factor 1.138629"),
        lines("null", 9, yarn));
    assertEquals(
        List.of(
            "rotary embedding: theta 500000 -> 10000000, scaling default (config.json -> input)"),
        lines("null", 9, "model.ropeTheta=1e7"));
    String linear = "{\"type\": \"linear\", \"factor\": 2}";
    assertEquals(
        List.of(
            "rotary embedding: theta 500000, scaling linear, factor 2 -> 4.5 (config.json -> input)"),
        lines(linear, 9, "model.ropeFactor=4.5"));
    assertEquals(
        List.of(
            "rotary embedding: theta 500000, scaling linear -> llama3, factor 8"
                + " (config.json -> input)",
            "rotary embedding: original context 4096, low frequency 1, high frequency 4"),
        lines(linear, 9, "model.ropeScaling=llama3", "model.ropeFactor=8"));
  }

  @Test
  void theLengthOfLongRopeIsSaid() throws IOException {
    String rope =
        "{\"type\": \"longrope\", \"short_factor\": [1, 1], \"long_factor\": [2, 3],"
            + " \"factor\": 4, \"original_max_position_embeddings\": 64}";
    assertEquals(
        List.of("rotary embedding: longrope, the short factors, for texts of at most 64 tokens"),
        lines(rope, 64));
    assertEquals(
        List.of("rotary embedding: longrope, the long factors, for texts of more than 64 tokens"),
        lines(rope, 65));
  }
}
