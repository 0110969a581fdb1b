package ringattention.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.device.HeadCounts;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Toml;
import ringattention.model.LinearRope;
import ringattention.model.Llama3Rope;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;
import ringattention.model.YarnRope;

/** Section [model] from the config.json of a checkpoint. */
class HuggingFaceConfigTest {
  /** As transformers 4 writes Llama 3.2 1B, some fields left out that nobody reads. */
  private static final String LLAMA_3 =
      """
      {"architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 128000,
       "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.03,
       "intermediate_size": 8192, "max_position_embeddings": 131072, "mlp_bias": false,
       "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 16,
       "num_key_value_heads": 8, "rms_norm_eps": 1e-05,
       "rope_scaling": {"factor": 32.0, "high_freq_factor": 5.0, "low_freq_factor": 2.0,
         "original_max_position_embeddings": 4096, "rope_type": "llama3"},
       "rope_theta": 500000.0, "tie_word_embeddings": true, "vocab_size": 128256}
      """;

  /** Only what has no default: as Llama 1. */
  private static final String LEAST =
      """
      {"model_type": "llama", "hidden_size": 64, "intermediate_size": 176, "vocab_size": 320,
       "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": null,
       "head_dim": null, "rope_scaling": null}
      """;

  /** Values at and around the limits of keys. */
  private static final String LIMITS =
      "-1 0 1 2 3 4 64 1024 1025 65536 65537 1048576 1048577 2147483647 2147483648"
          + " 0.5 1e-300 1e-60 1e-40 1e30 1e60 1e300 true \"4\"";

  @TempDir Path folder;

  private Configuration read(String json, String... overrides) throws IOException {
    Path checkpoint = Files.createDirectories(folder.resolve("llama"));
    Files.writeString(checkpoint.resolve("config.json"), json);
    Path file = folder.resolve("x.toml");
    Files.writeString(file, "[model]\ncheckpoint = \"" + checkpoint + "\"\n");
    return Sections.INPUTS.read(file, List.of(overrides));
  }

  private ModelConfig expected(ModelConfig model) {
    return new ModelConfig(
        model.vocabulary(),
        model.hidden(),
        model.layers(),
        model.heads(),
        model.feedForward(),
        model.ropeTheta(),
        model.ropeScaling(),
        model.normEpsilon(),
        model.tied(),
        model.initStd(),
        Optional.of(folder.resolve("llama")));
  }

  private static ModelConfig llama3() {
    RopeScaling scaling = new Llama3Rope(32, 2, 5, 4096);
    return new ModelConfig(
        128256,
        2048,
        16,
        new HeadCounts(32, 8, 64),
        8192,
        5e5,
        scaling,
        1e-5,
        true,
        0.03,
        Optional.empty());
  }

  private static ModelConfig least(double theta, RopeScaling scaling) {
    return new ModelConfig(
        320,
        64,
        2,
        new HeadCounts(4, 4, 16),
        176,
        theta,
        scaling,
        1e-6,
        false,
        0.02,
        Optional.empty());
  }

  @Test
  void fieldsOfTransformers4() throws IOException {
    assertEquals(expected(llama3()), read(LLAMA_3).get(ModelConfig.SECTION));
    assertEquals(expected(least(1e4, RopeScaling.NONE)), read(LEAST).get(ModelConfig.SECTION));
  }

  @Test
  void fieldsOfTransformers5() throws IOException {
    String json =
        LLAMA_3
            .replace("\"rope_theta\": 500000.0,", "")
            .replace("\"rope_scaling\": {", "\"rope_parameters\": {\"rope_theta\": 500000.0, ");
    assertEquals(expected(llama3()), read(json).get(ModelConfig.SECTION));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "rope_scaling": {"type": "linear", "factor": 4}, "rope_theta": 20000 | 20000 | 4
          "rope_scaling": {"rope_type": "linear", "factor": 2.5}               | 10000 | 2.5
          "rope_parameters": {"rope_type": "linear", "factor": 8, "rope_theta": 5e5} | 5e5 | 8
          """)
  void linearScaling(String rope, double theta, double factor) throws IOException {
    RopeScaling scaling = new LinearRope(factor);
    String json = LEAST.replace("\"rope_scaling\": null", rope);
    assertEquals(expected(least(theta, scaling)), read(json).get(ModelConfig.SECTION));
  }

  @ParameterizedTest
  @CsvSource({"'{\"rope_type\": \"default\", \"rope_theta\": 3e5}'", "'{\"rope_theta\": 3e5}'"})
  void noScalingInTheNewForm(String rope) throws IOException {
    String json = LEAST.replace("\"rope_scaling\": null", "\"rope_parameters\": " + rope);
    assertEquals(expected(least(3e5, RopeScaling.NONE)), read(json).get(ModelConfig.SECTION));
  }

  @Test
  void usedInputsReadBackEqual() throws IOException {
    Configuration first = read(LLAMA_3);
    Path used = Files.writeString(folder.resolve("used.toml"), first.source().toml());
    Configuration second = Sections.INPUTS.read(used, List.of());
    assertEquals(first.get(ModelConfig.SECTION), second.get(ModelConfig.SECTION));
    assertEquals(first.source().toml(), second.source().toml());
  }

  @Test
  void keysThatSayTheSameAreTaken() throws IOException {
    assertEquals(
        expected(llama3()),
        read(LLAMA_3, "model.hidden=2048", "model.ropeTheta=500000", "model.ropeScaling=llama3")
            .get(ModelConfig.SECTION));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          model.hidden=4096 | -D model.hidden = 4096: must be 2048 or not given, the config.json of model.checkpoint says hidden_size
          model.tied=false | -D model.tied = false: must be true or not given, the config.json of model.checkpoint says tie_word_embeddings
          model.ropeScaling=linear | x.toml: model.ropeFactor is missing: must be a number, above 0
          model.ropeScaling=default model.ropeFactor=8 | -D model.ropeFactor = 8.0: must not be given with model.ropeScaling = "default"
          model.ropeBetaFast=8 | -D model.ropeBetaFast = 8: must not be given with model.ropeScaling = "llama3"
          model.ropeLowFrequency=5 | -D model.ropeLowFrequency = 5.0: must be below model.ropeHighFrequency (5.0)
          model.ropeScaling=dynamic | -D model.ropeScaling = "dynamic": not supported: its frequencies depend on the length of each text, so none could be trained
          model.normEpsilon=0.002 | -D model.normEpsilon = 0.002: must be 1e-5 or not given, the config.json of model.checkpoint says rms_norm_eps
          model.shape=7B | -D model.shape = "7B": must not be given with model.checkpoint
          """)
  void contradictions(String override, String message) {
    InputException error =
        assertThrows(InputException.class, () -> read(LLAMA_3, override.split(" ")));
    assertEquals(message, error.getMessage().replace(folder + "/", ""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "model_type": "llama" | "model_type": "mixtral" | model_type = "mixtral": must be "llama" or "mistral" or "qwen2" or "qwen3"
          "model_type": "llama" | "model": 1 | model_type = "": must be "llama" or "mistral" or "qwen2" or "qwen3"
          "head_dim": 64 | "attention_bias": true | attention_bias = true: not supported, must be false
          "mlp_bias": false | "mlp_bias": true | mlp_bias = true: not supported, must be false
          "hidden_act": "silu" | "hidden_act": "gelu" | hidden_act = "gelu": must be "silu"
          "rope_type": "llama3" | "rope_type": "su" | rope_scaling.rope_type = "su": not supported, must be "default" or "linear" or "llama3" or "yarn" or "longrope"
          "rope_type": "llama3" | "type": "dynamic" | rope_scaling.type = "dynamic": not supported: its frequencies depend on the length of each text, so none could be trained
          "rope_type": "llama3" | "type": "yarn", "attention_factor": "x" | rope_scaling.attention_factor = "x": must be a number, above 0
          "rope_type": "llama3" | "type": "yarn", "truncate": 1 | rope_scaling.truncate = 1: must be true or false
          "rope_type": "llama3" | "type": "longrope" | rope_scaling.short_factor is missing
          "rope_type": "llama3" | "type": "longrope", "short_factor": [1], "long_factor": [1] | rope_scaling.short_factor = [1.0]: must be 32 numbers, one for every pair of a head's elements
          "rope_type": "llama3" | "type": "longrope", "short_factor": [1, "x"], "long_factor": [1] | rope_scaling.short_factor = [1, "x"]: must be a list of numbers, one or more, each above 0
          "factor": 32.0, | | rope_scaling.factor is missing
          "factor": 32.0 | "factor": "x" | rope_scaling.factor = "x": must be a number, above 0
          "high_freq_factor": 5.0 | "high_freq_factor": 2.0 | rope_scaling.high_freq_factor = 2.0: must be above low_freq_factor (2.0)
          "low_freq_factor": 2.0, | | rope_scaling.low_freq_factor is missing
          "original_max_position_embeddings": 4096 | "original_max_position_embeddings": 0 | rope_scaling.original_max_position_embeddings = 0: must be a whole number, at least 1
          "rope_type": "llama3" | "full_attention": {} | rope_scaling.full_attention: must not be an object
          "rope_type": "llama3" | "partial_rotary_factor": 0.5 | rope_scaling.partial_rotary_factor = 0.5: not supported, must be 1
          "head_dim": 64 | "partial_rotary_factor": 0.5 | partial_rotary_factor = 0.5: not supported, must be 1
          "head_dim": 64 | "quantization_config": {"quant_method": "fp8"} | quantization_config = {"quant_method":"fp8"}: not supported, must be null
          "head_dim": 64 | "transformers_weights": "x.safetensors" | transformers_weights = "x.safetensors": not supported, must be null
          "rope_theta": 500000.0 | "rope_theta": "500000.0" | rope_theta = "500000.0": must be a number, above 0
          "rope_theta": 500000.0 | "rope_theta": true | rope_theta = true: must be a number, above 0
          "rope_theta": 500000.0 | "rope_theta": {} | rope_theta = {}: must be a number, above 0
          "rope_theta": 500000.0 | "rope_theta": 1e999 | rope_theta = Infinity: must be a number, above 0
          "rope_theta": 500000.0 | "rope_theta": Infinity | line 8: not valid JSON
          "rms_norm_eps": 1e-05 | "rms_norm_eps": NaN | line 5: not valid JSON
          "rms_norm_eps": 1e-05 | "rms_norm_eps": -1e-5 | rms_norm_eps = -1e-5: must be a number, above 0
          "hidden_size": 2048 | "hidden_size": "2048" | hidden_size = "2048": must be a whole number, 2 to 1048576
          "vocab_size": 128256 | "vocab": 1 | vocab_size is missing
          "vocab_size": 128256 | "vocab_size": 1 | vocab_size = 1: must be a whole number, at least 2
          "vocab_size": 128256 | "vocab_size": 128256.0 | vocab_size = 128256.0: must be a whole number, at least 2
          "vocab_size": 128256 | "vocab_size": 3000000000 | vocab_size = 3000000000: must be a whole number below 2^31
          "vocab_size": 128256 | "vocab_size": 99999999999999999999 | vocab_size = 99999999999999999999: must be a whole number, at least 2
          "num_hidden_layers": 16 | "num_hidden_layers": 1025 | num_hidden_layers = 1025: must be a whole number, 1 to 1024
          "num_attention_heads": 32 | "num_attention_heads": [32] | num_attention_heads = [32]: must be a whole number, 1 to 65536
          "num_key_value_heads": 8 | "num_key_value_heads": 5 | num_key_value_heads = 5: must divide num_attention_heads
          "head_dim": 64 | "head_dim": 63 | head_dim = 63: must be even
          "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048 | "hidden_size": 2047 | num_attention_heads = 32: must divide hidden_size
          "tie_word_embeddings": true | "tie_word_embeddings": "yes" | tie_word_embeddings = "yes": must be true or false
          "rms_norm_eps": 1e-05 | "rms_norm_eps": 0 | rms_norm_eps = 0: must be a number, above 0
          "vocab_size": 128256} | | line 9: not valid JSON
          "vocab_size": 128256} | "vocab_size": 128256}} | line 8: not valid JSON
          """)
  void badConfigs(String good, String bad, String problem) throws IOException {
    String json = LLAMA_3.replace(good, bad == null ? "" : bad);
    InputException error = assertThrows(InputException.class, () -> read(json));
    assertEquals(
        folder.resolve("x.toml")
            + ": model.checkpoint = "
            + Toml.brief(folder.resolve("llama"))
            + ": config.json: "
            + problem,
        error.getMessage());
  }

  private RopeScaling scaling(String rope, String... overrides) throws IOException {
    String json = LEAST.replace("\"rope_scaling\": null", rope);
    return read(json, overrides).get(ModelConfig.SECTION).ropeScaling();
  }

  /**
   * As transformers reads them: null and 0 are as absent, but for truncate, of which null is false;
   * the context beside the form precedes the one inside; a factor is never the ratio of contexts
   * unless it is null.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768 | 4 | 32768 | 1.138629436111989 | 32 | 1 | true
          "rope_type": "yarn", "factor": 4, "attention_factor": null, "beta_fast": null, "beta_slow": 0, "finetuned": true | 4 | 40960 | 1.138629436111989 | 32 | 1 | true
          "type": "yarn", "factor": 64, "attention_factor": 1, "beta_fast": 20, "beta_slow": 0.5, "truncate": false | 64 | 40960 | 1 | 20 | 0.5 | false
          "type": "yarn", "factor": 40, "mscale": 0.707, "mscale_all_dim": 1.0, "truncate": null | 40 | 40960 | 0.9210423553163399 | 32 | 1 | false
          "type": "yarn", "factor": 40, "mscale": 1, "mscale_all_dim": 1.0 | 40 | 40960 | 1 | 32 | 1 | true
          "type": "yarn", "factor": 4, "mscale": 0.707 | 4 | 40960 | 1.138629436111989 | 32 | 1 | true
          "type": "yarn", "factor": null, "original_max_position_embeddings": 4096 | 10 | 4096 | 1.2302585092994046 | 32 | 1 | true
          """)
  void yarnOfFiles(
      String fields,
      double factor,
      int context,
      double magnitude,
      double fast,
      double slow,
      boolean truncate)
      throws IOException {
    for (String form : List.of("rope_scaling", "rope_parameters")) {
      String rope = "\"max_position_embeddings\": 40960, \"" + form + "\": {" + fields + "}";
      YarnRope found = (YarnRope) scaling(rope);
      double about = found.attentionFactor();
      assertEquals(new YarnRope(factor, context, about, fast, slow, truncate), found);
      assertEquals(magnitude, about, 1e-15);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "type": "longrope" | 32 | 1.1902380714238083
          "rope_type": "longrope", "factor": 16, "original_max_position_embeddings": 99 | 16 | 1.1547005383792515
          "rope_type": "longrope", "attention_factor": 1.5 | 32 | 1.5
          """)
  void longRopeOfFiles(String fields, double factor, double magnitude) throws IOException {
    String lists =
        ", \"short_factor\": [1, 1.5, 2, 2, 2, 2, 2, 2], \"long_factor\": [1, 2, 4, 8, 16, 32, 64, 64]";
    String contexts =
        "\"max_position_embeddings\": 131072, \"original_max_position_embeddings\": 4096, ";
    for (String form : List.of("rope_scaling", "rope_parameters")) {
      LongRope found = (LongRope) scaling(contexts + "\"" + form + "\": {" + fields + lists + "}");
      assertEquals(List.of(1., 1.5, 2., 2., 2., 2., 2., 2.), found.shortFactors());
      assertEquals(List.of(1., 2., 4., 8., 16., 32., 64., 64.), found.longFactors());
      assertEquals(factor, found.factor());
      assertEquals(4096, found.originalContext());
      assertEquals(magnitude, found.attentionFactor(), 1e-15);
    }
  }

  /** What an input says of the rotary embedding, key by key. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ropeTheta=8e6 | Llama3Rope[factor=32.0, lowFrequencyFactor=2.0, highFrequencyFactor=5.0, originalContext=4096]
          ropeFactor=64 | Llama3Rope[factor=64.0, lowFrequencyFactor=2.0, highFrequencyFactor=5.0, originalContext=4096]
          ropeScaling=llama3 ropeLowFrequency=1 | Llama3Rope[factor=32.0, lowFrequencyFactor=1.0, highFrequencyFactor=5.0, originalContext=4096]
          ropeScaling=yarn ropeFactor=4 | YarnRope[factor=4.0, originalContext=4096, attentionFactor=1.138629436111989, betaFast=32.0, betaSlow=1.0, truncate=true]
          ropeScaling=yarn ropeFactor=4 ropeOriginalContext=8192 ropeAttentionFactor=1 | YarnRope[factor=4.0, originalContext=8192, attentionFactor=1.0, betaFast=32.0, betaSlow=1.0, truncate=true]
          ropeScaling=linear ropeFactor=4 | LinearRope[factor=4.0]
          ropeScaling=default | PlainRope[]
          """)
  void rotaryKeysReplaceThoseOfTheFile(String keys, String scaling) throws IOException {
    String[] overrides = keys.replaceAll("(^| )", "$1model.").split(" ");
    Configuration read = read(LLAMA_3, overrides);
    assertEquals(scaling, read.get(ModelConfig.SECTION).ropeScaling().toString());
    double theta = keys.contains("Theta") ? 8e6 : 5e5;
    assertEquals(theta, read.get(ModelConfig.SECTION).ropeTheta());
    assertEquals(llama3().feedForward(), read.get(ModelConfig.SECTION).feedForward());
    // what is used is written, and reads back equal beside the same file
    Path used = Files.writeString(folder.resolve("used.toml"), read.source().toml());
    Configuration again = Sections.INPUTS.read(used, List.of());
    assertEquals(read.get(ModelConfig.SECTION), again.get(ModelConfig.SECTION));
    assertEquals(read.source().toml(), again.source().toml());
  }

  /** The context of a model is what it was before: max_position_embeddings of linear is after. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "max_position_embeddings": 16384, "rope_scaling": {"type": "linear", "factor": 4.0} | 4096
          "max_position_embeddings": 8192, "rope_scaling": null | 8192
          "max_position_embeddings": 131072, "rope_scaling": {"type": "longrope"}, "original_max_position_embeddings": 4096 | 4096
          "max_position_embeddings": 40960, "rope_scaling": {"type": "dynamic", "factor": 2.0} | 40960
          "max_position_embeddings": 40960, "rope_parameters": {"rope_type": "yarn", "original_max_position_embeddings": 512} | 512
          "rope_scaling": {"rope_type": "su"} | 2048
          """)
  void anotherScalingBeginsAtTheOriginalContext(String rope, int context) throws IOException {
    RopeScaling found = scaling(rope, "model.ropeScaling=llama3", "model.ropeFactor=8");
    assertEquals(new Llama3Rope(8, 1, 4, context), found);
  }

  /** Of the file, a magnitude that goes with its factor is not kept for another factor. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "factor": 4, "attention_factor": 1.138629436111989 | 1.4158883083359672
          "factor": 4 | 1.4158883083359672
          "factor": 4, "attention_factor": 1.25 | 1.25
          "factor": 4, "mscale": 0.5, "mscale_all_dim": 1 | 0.8531351993347756
          """)
  void anotherFactorHasItsOwnMagnitude(String fields, double magnitude) throws IOException {
    String rope = "\"rope_scaling\": {\"type\": \"yarn\", " + fields + "}";
    assertEquals(magnitude, scaling(rope, "model.ropeFactor=64").magnitude(), 1e-12);
  }

  /** Published forms, two narrow layers of each: rotary fields and contexts as they are. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "max_position_embeddings": 4096, "rope_scaling": null | 10000 | PlainRope[]
          "max_position_embeddings": 8192, "rope_scaling": null, "rope_theta": 500000.0 | 500000 | PlainRope[]
          "max_position_embeddings": 8192, "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000 | 100000 | PlainRope[]
          "max_position_embeddings": 2048 | 10000 | PlainRope[]
          "max_position_embeddings": 16384, "rope_scaling": {"factor": 4.0, "type": "linear"} | 10000 | LinearRope[factor=4.0]
          "max_position_embeddings": 131072, "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}, "rope_theta": 500000.0 | 500000 | Llama3Rope[factor=8.0, lowFrequencyFactor=1.0, highFrequencyFactor=4.0, originalContext=8192]
          """)
  void publishedForms(String rope, double theta, String scaling) throws IOException {
    ModelConfig model =
        read(LEAST.replace("\"rope_scaling\": null", rope)).get(ModelConfig.SECTION);
    assertEquals(theta, model.ropeTheta());
    assertEquals(scaling, model.ropeScaling().toString());
  }

  /** A value that is allowed in the one is allowed in the other: exports are of both. */
  @ParameterizedTest
  @CsvSource({
    "vocabulary, vocab_size, ",
    "hidden, hidden_size, ",
    "layers, num_hidden_layers, ",
    "heads, num_attention_heads, ",
    "keyValueHeads, num_key_value_heads, ",
    "headSize, head_dim, ",
    "feedForward, intermediate_size, ",
    "normEpsilon, rms_norm_eps, ",
    "initStd, initializer_range, ",
    "ropeTheta, rope_theta, ",
    "ropeFactor, factor, ",
    "ropeLowFrequency, low_freq_factor, -1 0 0.5 3 1e-60 1e-300 true",
    "ropeHighFrequency, high_freq_factor, -1 0 4 65537 1e30 1e60 1e300 true",
    "ropeOriginalContext, original_max_position_embeddings, ",
  })
  void sectionAndConfigHaveTheSameLimits(String key, String field, String values)
      throws IOException {
    String json =
        """
        {"model_type": "llama", "vocab_size": 300, "hidden_size": 64, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 16,
         "intermediate_size": 176, "rms_norm_eps": 1e-5, "initializer_range": 0.02,
         "rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8,
           "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 99}}
        """;
    String toml =
        """
        vocabulary = 300
        hidden = 64
        layers = 2
        heads = 4
        keyValueHeads = 4
        headSize = 16
        feedForward = 176
        normEpsilon = 1e-5
        initStd = 0.02
        ropeScaling = "llama3"
        ropeTheta = 5e5
        ropeFactor = 8
        ropeLowFrequency = 1
        ropeHighFrequency = 4
        ropeOriginalContext = 99
        """;
    for (String value : (values == null ? LIMITS : values).split(" ")) {
      String there = json.replaceFirst("\"" + field + "\": [^,}]*", "\"" + field + "\": " + value);
      String here = toml.replaceFirst("(?m)^" + key + " = .*", key + " = " + value);
      assertEquals(section(here), section(there), key + " = " + value);
    }
  }

  /** What a model is but for its checkpoint; "refused" if it is none. */
  private String section(String text) throws IOException {
    try {
      if (text.startsWith("{")) {
        String checkpoint = Optional.of(folder.resolve("llama")).toString();
        return read(text)
            .get(ModelConfig.SECTION)
            .toString()
            .replace(checkpoint, Optional.empty().toString());
      }
      Path file = Files.writeString(folder.resolve("section.toml"), "[model]\n" + text);
      return Sections.INPUTS.read(file, List.of()).get(ModelConfig.SECTION).toString();
    } catch (InputException e) {
      return "refused";
    }
  }

  /** A limit that is found later names the field, too: the key is not in the input. */
  @Test
  void laterErrorsNameTheField() throws IOException {
    InputException error = read(LEAST).source().error("model.vocabulary", "must be at least 368");
    assertEquals(
        folder.resolve("x.toml")
            + ": model.checkpoint = "
            + Toml.write(folder.resolve("llama"))
            + ": config.json: vocab_size = 320: must be at least 368",
        error.getMessage());
  }

  @Test
  void missingFolderAndFile() throws IOException {
    Path file = folder.resolve("x.toml");
    Files.writeString(file, "model.checkpoint = \"absent\"");
    assertEquals(
        file + ": model.checkpoint = \"absent\": no such folder",
        assertThrows(InputException.class, () -> Sections.INPUTS.read(file, List.of()))
            .getMessage());
    Files.writeString(file, "\ufeffmodel.checkpoint = \"owner/model-8B\""); // a byte-order mark
    assertEquals(
        file
            + ": model.checkpoint = \"owner/model-8B\": no such folder; a local folder is needed,"
            + " nothing is downloaded: if this is a model of the hub, huggingface-cli download"
            + " owner/model-8B --local-dir model-8B",
        assertThrows(InputException.class, () -> Sections.INPUTS.read(file, List.of()))
            .getMessage());
    Files.writeString(file, "model.checkpoint = \".\"");
    assertEquals(
        file + ": model.checkpoint = \".\": config.json: no such file",
        assertThrows(InputException.class, () -> Sections.INPUTS.read(file, List.of()))
            .getMessage());
  }
}
