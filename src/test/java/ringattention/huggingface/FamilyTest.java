package ringattention.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.model.AttentionDetails;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.parallel.Parameter;

/** Section [model] from the config.json of Mistral, Qwen2 and Qwen3, and back. */
class FamilyTest {
  /** As published. */
  private static final Map<String, String> PUBLISHED =
      Map.of(
          "Mistral-7B-v0.1",
          """
          {"architectures": ["MistralForCausalLM"], "hidden_act": "silu", "hidden_size": 4096,
           "initializer_range": 0.02, "intermediate_size": 14336, "max_position_embeddings": 32768,
           "model_type": "mistral", "num_attention_heads": 32, "num_hidden_layers": 32,
           "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
           "sliding_window": 4096, "tie_word_embeddings": false, "vocab_size": 32000}
          """,
          "Mistral-7B-v0.3",
          """
          {"architectures": ["MistralForCausalLM"], "hidden_act": "silu", "hidden_size": 4096,
           "initializer_range": 0.02, "intermediate_size": 14336, "max_position_embeddings": 32768,
           "model_type": "mistral", "num_attention_heads": 32, "num_hidden_layers": 32,
           "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 1000000.0,
           "sliding_window": null, "tie_word_embeddings": false, "vocab_size": 32768}
          """,
          "Qwen2.5-7B",
          """
          {"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
           "eos_token_id": 151645, "hidden_act": "silu", "hidden_size": 3584,
           "initializer_range": 0.02, "intermediate_size": 18944, "max_position_embeddings": 32768,
           "max_window_layers": 28, "model_type": "qwen2", "num_attention_heads": 28,
           "num_hidden_layers": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-06,
           "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": false,
           "use_sliding_window": false, "vocab_size": 152064}
          """,
          "Qwen3-0.6B",
          """
          {"architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "bos_token_id": 151643,
           "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024,
           "initializer_range": 0.02, "intermediate_size": 3072, "max_position_embeddings": 40960,
           "max_window_layers": 28, "model_type": "qwen3", "num_attention_heads": 16,
           "num_hidden_layers": 28, "num_key_value_heads": 8, "rms_norm_eps": 1e-06,
           "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null,
           "tie_word_embeddings": true, "use_sliding_window": false, "vocab_size": 151936}
          """);

  /** Only what has no default. */
  private static final String LEAST =
      """
      {"model_type": "TYPE", "hidden_size": 512, "intermediate_size": 176, "vocab_size": 320,
       "num_attention_heads": 32, "num_hidden_layers": 30MORE}
      """;

  @TempDir Path folder;

  private Configuration read(String json, String... overrides) throws IOException {
    Path checkpoint = Files.createDirectories(folder.resolve("model"));
    Files.writeString(checkpoint.resolve("config.json"), json);
    Path file = folder.resolve("x.toml");
    Files.writeString(file, "[model]\ncheckpoint = \"" + checkpoint + "\"\n");
    return Sections.INPUTS.read(file, List.of(overrides));
  }

  private ModelConfig least(String type, String more) throws IOException {
    String json = LEAST.replace("TYPE", type).replace("MORE", more);
    return read(json).get(ModelConfig.SECTION);
  }

  private String message(String json, String... overrides) {
    InputException error = assertThrows(InputException.class, () -> read(json, overrides));
    assertTrue(error.getMessage().lines().count() == 1, error.getMessage());
    return error.getMessage().replace(folder + "/", "");
  }

  /** Weights as the model cards say them, or the sum of all tensors there. */
  @ParameterizedTest
  @CsvSource({
    "Mistral-7B-v0.1, false, false, 4096, 128, 7241732096",
    "Mistral-7B-v0.3, false, false, 0, 128, 7248023552",
    "Qwen2.5-7B, true, false, 0, 128, 7615616512",
    "Qwen3-0.6B, false, true, 0, 128, 596049920"
  })
  void publishedModels(
      String name, boolean bias, boolean norm, int window, int headSize, long parameters)
      throws IOException {
    ModelConfig model = read(PUBLISHED.get(name)).get(ModelConfig.SECTION);
    assertEquals(new AttentionDetails(bias, norm, window), model.details());
    assertEquals(headSize, model.heads().size());
    assertEquals(parameters, model.parameters());
    assertEquals(
        parameters,
        LlamaParameters.groups(model).stream()
            .flatMap(group -> group.parameters().stream())
            .mapToLong(Parameter::elements)
            .sum());
  }

  /** Those of MistralConfig, Qwen2Config and Qwen3Config; a null is another thing than nothing. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          llama   | ``                            | 32 | 16
          mistral | ``                            | 8  | 16
          qwen2   | ``                            | 32 | 16
          qwen3   | ``                            | 32 | 128
          mistral | `, "num_key_value_heads": null` | 32 | 16
          qwen2   | `, "num_key_value_heads": 4`    | 4  | 16
          qwen3   | `, "head_dim": 64`              | 32 | 64
          mistral | `, "head_dim": null`            | 8  | 16
          """)
  void defaults(String type, String more, int keyValueHeads, int headSize) throws IOException {
    ModelConfig model = least(type, more);
    assertEquals(keyValueHeads, model.heads().keyValue());
    assertEquals(headSize, model.heads().size());
    assertEquals(1e-6, model.normEpsilon());
  }

  /** Without a context of its own, yarn takes the family's. */
  @ParameterizedTest
  @CsvSource({"llama, 2048", "mistral, 131072", "qwen2, 32768", "qwen3, 32768"})
  void positions(String type, int positions) throws IOException {
    String rope = ", \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0}";
    String scaling = least(type, rope).ropeScaling().toString();
    assertTrue(scaling.contains("originalContext=" + positions), scaling);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          llama   | `, "sliding_window": 64`                               | 0
          mistral | ``                                                     | 4096
          mistral | `, "sliding_window": 64`                               | 64
          mistral | `, "sliding_window": null`                             | 0
          mistral | `, "sliding_window": 64, "use_sliding_window": false`  | 64
          qwen2   | `, "sliding_window": 64`                               | 0
          qwen2   | `, "use_sliding_window": true`                         | 4096
          qwen2   | `, "sliding_window": 64, "use_sliding_window": true`   | 64
          qwen2   | `, "sliding_window": null, "use_sliding_window": true` | 0
          qwen2   | `, "sliding_window": 64, "use_sliding_window": true, "max_window_layers": 30` | 0
          qwen3   | `, "sliding_window": 64, "use_sliding_window": true, "max_window_layers": 29` | 64
          qwen3   | `, "sliding_window": 64, "use_sliding_window": true, "layer_types": ["full_attention", "full_attention"]` | 0
          qwen3   | `, "sliding_window": 64, "use_sliding_window": true, "max_window_layers": 99, "layer_types": ["full_attention", "sliding_attention"]` | 64
          """)
  void windows(String type, String more, int window) throws IOException {
    assertEquals(window, least(type, more).details().slidingWindow());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          mixtral          | `, "num_local_experts": 8`       | model_type = "mixtral": must be "llama" or "mistral" or "qwen2" or "qwen3"
          deepseek_v3      | `, "kv_lora_rank": 512`          | model_type = "deepseek_v3": must be "llama" or "mistral" or "qwen2" or "qwen3"
          phi3             | `, "sliding_window": 262144`     | model_type = "phi3": must be "llama" or "mistral" or "qwen2" or "qwen3"
          hunyuan_v1_dense | `, "use_qk_norm": true`          | model_type = "hunyuan_v1_dense": must be "llama" or "mistral" or "qwen2" or "qwen3"
          qwen2_moe        | ``                               | model_type = "qwen2_moe": must be "llama" or "mistral" or "qwen2" or "qwen3"
          qwen3            | `, "attention_bias": true`       | attention_bias = true: not supported, must be false
          llama            | `, "mlp_bias": true`             | mlp_bias = true: not supported, must be false
          qwen2            | `, "num_attention_heads": 48`    | num_key_value_heads = 32: must divide num_attention_heads
          mistral          | `, "sliding_window": 0`          | sliding_window = 0: must be a whole number, at least 1, or null
          mistral          | `, "sliding_window": "64"`       | sliding_window = "64": must be a whole number, at least 0
          qwen3            | `, "layer_types": ["chunked_attention"]` | layer_types has "chunked_attention": not supported, must be "full_attention"
          qwen3            | `, "layer_types": ["sliding_attention"]` | layer_types has "sliding_attention": must not without use_sliding_window
          """)
  void refused(String type, String more, String problem) {
    String json = LEAST.replace("TYPE", type).replace("MORE", more);
    assertEquals("x.toml: model.checkpoint = \"model\": config.json: " + problem, message(json));
  }

  /** What a family has cannot be turned off, nor on. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Mistral-7B-v0.1 | model.slidingWindow=0 | -D model.slidingWindow = 0: must be 4096 or not given, the config.json of model.checkpoint says sliding_window
          Mistral-7B-v0.3 | model.queryKeyNorm=true | -D model.queryKeyNorm = true: must be false or not given, the config.json of model.checkpoint says model_type
          Qwen2.5-7B | model.queryKeyValueBias=false | -D model.queryKeyValueBias = false: must be true or not given, the config.json of model.checkpoint says model_type
          Qwen3-0.6B | model.queryKeyNorm=false | -D model.queryKeyNorm = false: must be true or not given, the config.json of model.checkpoint says model_type
          """)
  void contradictions(String name, String override, String problem) {
    assertEquals(problem, message(PUBLISHED.get(name), override));
  }

  /** Where its first token stands is no matter: positions are relative. */
  @Test
  void noSequenceIsLongerThanTheWindow() throws IOException {
    String json = PUBLISHED.get("Mistral-7B-v0.1");
    read(json, "train.sequence=4096", "data.path=x", "data.firstPosition=100000");
    read(PUBLISHED.get("Mistral-7B-v0.3"), "train.sequence=32768");
    String problem = ": a window within a sequence is not supported: train.sequence (";
    assertEquals(
        "x.toml: model.checkpoint = \"model\": config.json: sliding_window = 4096"
            + problem
            + "4097) must be at most 4096",
        message(json, "train.sequence=4097"));
    List<String> own =
        List.of(
            "model.hidden=8",
            "model.heads=2",
            "model.layers=1",
            "model.slidingWindow=8",
            "train.sequence=9");
    assertEquals(
        "-D model.slidingWindow = 8" + problem + "9) must be at most 8",
        assertThrows(InputException.class, () -> Sections.INPUTS.defaults(own)).getMessage());
  }

  private JsonNode written(ModelConfig model) throws IOException {
    return new ObjectMapper()
        .readTree(new LlamaConfigFile(model, StoredType.BF16, 64, Optional.empty()).bytes());
  }

  /** A model that was made here is of the family that has just what it has. */
  @ParameterizedTest
  @CsvSource({
    "false, false, 0, llama, LlamaForCausalLM",
    "false, false, 7, mistral, MistralForCausalLM",
    "true, false, 0, qwen2, Qwen2ForCausalLM",
    "true, false, 7, qwen2, Qwen2ForCausalLM",
    "false, true, 0, qwen3, Qwen3ForCausalLM",
    "false, true, 7, qwen3, Qwen3ForCausalLM"
  })
  void configReadsBackEqual(
      boolean bias, boolean norm, int window, String type, String architecture) throws IOException {
    ModelConfig model = Shards.model(true).with(new AttentionDetails(bias, norm, window));
    JsonNode json = written(model);
    assertEquals(type, json.path("model_type").asText());
    assertEquals(architecture, json.path("architectures").path(0).asText());
    ModelConfig read = read(json.toString()).get(ModelConfig.SECTION);
    assertEquals(model.details(), read.details());
    assertEquals(model.heads(), read.heads());
    assertEquals(model.parameters(), read.parameters());
  }

  @Test
  void noFamilyHasBoth() {
    ModelConfig both = Shards.model(true).with(new AttentionDetails(true, true, 0));
    assertEquals(false, HuggingFaceExport.holds(both));
    assertThrows(IllegalArgumentException.class, () -> written(both));
  }

  /** Fields that say nothing of what was trained stay as they were, at their values. */
  @Test
  void anImportIsExportedAsItsFamily() throws IOException {
    for (String json : PUBLISHED.values()) {
      ModelConfig model = read(json).get(ModelConfig.SECTION);
      JsonNode before = new ObjectMapper().readTree(json);
      JsonNode after = written(model);
      for (String field :
          List.of(
              "architectures",
              "model_type",
              "sliding_window",
              "use_sliding_window",
              "max_window_layers",
              "attention_bias",
              "max_position_embeddings",
              "eos_token_id",
              "num_key_value_heads")) {
        assertEquals(before.get(field), after.get(field), field + " of " + json);
      }
      assertEquals(null, after.get("mlp_bias"));
      assertEquals(model, read(after.toString()).get(ModelConfig.SECTION));
    }
  }
}
