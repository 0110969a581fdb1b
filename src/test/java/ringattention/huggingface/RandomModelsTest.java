package ringattention.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.command.Sections;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelConfig;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;

/**
 * Whatever a model is: what is exported is imported as the same model, exported again to the bit,
 * and what transformers reads is what is read here.
 */
class RandomModelsTest {
  private static final int ROUNDS = 2; // of all kinds
  private static final int CONFIGS = 300;

  @TempDir Path above;

  private final Random random = new Random(20260101);

  /** How a model is written. */
  private record Form(StoredType type, long positions, long largestFile) {}

  @Test
  void exportImportExport() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      for (String scaling : List.of("default", "linear", "llama3", "yarn", "longrope")) {
        for (boolean tied : new boolean[] {false, true}) {
          for (StoredType type : List.of(StoredType.BF16, StoredType.F32)) {
            long largestFile = any(1L, 3000L, 3000L, 1L << 40);
            exportImportExport(
                keys(scaling, tied), new Form(type, random.nextLong(1L << 33), largestFile));
          }
        }
      }
    }
  }

  private void exportImportExport(List<String> keys, Form form) throws IOException {
    ModelConfig model = Sections.INPUTS.defaults(keys).get(ModelConfig.SECTION);
    Path first = Files.createTempDirectory(above, "first").resolve("model");
    export(first, model, form, Shards::fill);
    TransformersConfig theirs = TransformersConfig.of(first);
    assertEquals(theirs.shapes(), shapes(first), keys.toString());
    assertEquals(model.hidden() % model.heads().query() == 0, theirs.opens(), keys.toString());
    long reach = model.ropeScaling().reach().orElse(0);
    assertEquals(Math.max(form.positions(), reach), theirs.positions(), keys.toString());
    ModelConfig read = read(first);
    assertEquals(theirs.model(first), read, keys.toString());
    assertEquals(same(model, first), read, keys.toString());

    Path second = Files.createTempDirectory(above, "second").resolve("model");
    List<ParameterGroup> groups = LlamaParameters.groups(read);
    export(
        second,
        read,
        form,
        parameters -> {
          try (HuggingFaceFolder folder = HuggingFaceFolder.open(first, groups, read.tied())) {
            parameters.load(State.WEIGHT, folder);
          }
        });
    assertEquals(bytes(first), bytes(second), keys.toString());
  }

  private List<String> keys(String scaling, boolean tied) {
    int groups = 1 + random.nextInt(3);
    int heads = groups * (1 + random.nextInt(3));
    int hidden = either() ? heads * 2 * (1 + random.nextInt(4)) : 2 + random.nextInt(30);
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("vocabulary", 2 + random.nextInt(60));
    keys.put("hidden", hidden);
    keys.put("layers", 1 + random.nextInt(3));
    keys.put("heads", heads);
    keys.put("keyValueHeads", groups);
    int pairs = 1 + random.nextInt(5);
    keys.put("headSize", 2 * pairs);
    keys.put("feedForward", 1 + random.nextInt(30));
    keys.put("ropeTheta", 1 + 1e6 * random.nextDouble());
    keys.put("normEpsilon", any(1.0, 1e-5, 1e-6, random.nextDouble()));
    keys.put("tied", tied);
    keys.put("initStd", any(0.02, 1.0, 1.5, random.nextDouble()));
    switch (random.nextInt(4)) { // a Llama, or what one other family has
      case 1 -> keys.put("queryKeyValueBias", true);
      case 2 -> keys.put("queryKeyNorm", true);
      case 3 -> keys.put("slidingWindow", 1 + random.nextInt(9000));
      default -> {}
    }
    keys.put("ropeScaling", scaling);
    if (!scaling.equals("default")) {
      keys.put("ropeFactor", any(1.0, 8.0, 0.5 + 9 * random.nextDouble()));
    }
    if (scaling.equals("llama3")) {
      double low = 0.5 + random.nextDouble();
      keys.put("ropeLowFrequency", low);
      keys.put("ropeHighFrequency", low + 0.1 + random.nextDouble());
      keys.put("ropeOriginalContext", 1 + random.nextInt(10000));
    }
    if (scaling.equals("yarn") || scaling.equals("longrope")) {
      keys.put("ropeOriginalContext", 2 + random.nextInt(10000));
      sometimes(() -> keys.put("ropeAttentionFactor", 0.5 + random.nextDouble()));
    }
    if (scaling.equals("yarn")) {
      sometimes(() -> keys.put("ropeBetaFast", 2 + random.nextDouble()));
      sometimes(() -> keys.put("ropeBetaSlow", random.nextDouble() + 0.01));
      sometimes(() -> keys.put("ropeTruncate", either()));
    }
    if (scaling.equals("longrope")) {
      keys.put("ropeShortFactors", numbers(pairs));
      keys.put("ropeLongFactors", numbers(pairs));
    }
    List<String> overrides = new ArrayList<>();
    keys.forEach((key, value) -> overrides.add("model." + key + "=" + value));
    return overrides;
  }

  private List<Double> numbers(int count) {
    return random.doubles(count, 1, 70).boxed().toList();
  }

  private void export(
      Path folder, ModelConfig model, Form form, Consumer<ShardedParameters> weights) {
    Shards.onRanks(
        1 + random.nextInt(4),
        LlamaParameters.groups(model),
        (world, parameters) -> {
          weights.accept(parameters);
          new HuggingFaceExport(
                  model, form.type(), form.positions(), TokenizerCopy.NONE, form.largestFile())
              .write(
                  folder, world, parameters.groups(), sink -> parameters.save(State.WEIGHT, sink));
          return null;
        });
  }

  private static ModelConfig read(Path folder) {
    return Sections.INPUTS.defaults(List.of("model.checkpoint=" + folder)).get(ModelConfig.SECTION);
  }

  private static ModelConfig same(ModelConfig model, Path folder) {
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
        Math.min(model.initStd(), 1), // transformers opens no other
        model.details(),
        Optional.of(folder));
  }

  /** Every file's bytes, by name. */
  private static Map<String, ByteBuffer> bytes(Path folder) throws IOException {
    Map<String, ByteBuffer> bytes = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        bytes.put(file.getFileName().toString(), ByteBuffer.wrap(Files.readAllBytes(file)));
      }
    }
    return bytes;
  }

  /** Of every tensor in the safetensors files, which the index must name if there are several. */
  private static Map<String, String> shapes(Path folder) throws IOException {
    Map<String, String> shapes = new TreeMap<>();
    Map<String, String> places = new TreeMap<>();
    for (Map.Entry<String, ByteBuffer> file : bytes(folder).entrySet()) {
      if (file.getKey().endsWith(".safetensors")) {
        ByteBuffer bytes = file.getValue().order(ByteOrder.LITTLE_ENDIAN);
        byte[] json = new byte[(int) bytes.getLong()];
        bytes.get(json).rewind();
        ObjectNode header = (ObjectNode) new ObjectMapper().readTree(json);
        assertEquals("pt", header.remove("__metadata__").path("format").asText());
        header
            .fields()
            .forEachRemaining(
                tensor -> {
                  long[] shape =
                      new ObjectMapper().convertValue(tensor.getValue().get("shape"), long[].class);
                  shapes.put(tensor.getKey(), Arrays.toString(shape));
                  places.put(tensor.getKey(), file.getKey());
                });
      }
    }
    Path index = folder.resolve("model.safetensors.index.json");
    if (Files.exists(index)) {
      JsonNode map = new ObjectMapper().readTree(index.toFile()).get("weight_map");
      assertEquals(places, new ObjectMapper().convertValue(map, TreeMap.class));
    } else {
      assertEquals(Set.of("model.safetensors"), Set.copyOf(places.values()));
    }
    return shapes;
  }

  /** Both forms of the rotary fields, whole, in part, null or empty, in every mixture. */
  @Test
  void configsMeanWhatTheyMeanToTransformers() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    for (int i = 0; i < CONFIGS; i++) {
      ObjectNode root = mapper.createObjectNode();
      root.put("model_type", "llama").put("vocab_size", 300).put("hidden_size", 24);
      root.put("intermediate_size", 40).put("num_hidden_layers", 2).put("num_attention_heads", 4);
      sometimes(() -> root.putNull("head_dim"), () -> root.put("head_dim", 10));
      sometimes(
          () -> root.putNull("num_key_value_heads"), () -> root.put("num_key_value_heads", 2));
      sometimes(() -> root.put("tie_word_embeddings", either()));
      sometimes(() -> root.put("rms_norm_eps", 1e-5));
      sometimes(() -> root.put("max_position_embeddings", 2 + random.nextInt(9000)));
      sometimes(() -> root.put("original_max_position_embeddings", 2 + random.nextInt(9000)));
      sometimes(() -> root.put("rope_theta", 2e4), () -> root.put("rope_theta", 30000));
      for (String form : List.of("rope_scaling", "rope_parameters")) {
        sometimes(
            () -> root.putNull(form),
            () -> root.putObject(form),
            () ->
                root.set(
                    form, rope(mapper.createObjectNode(), root.path("head_dim").asInt(6) / 2)));
      }
      Files.writeString(above.resolve("config.json"), root.toString());
      ModelConfig expected = TransformersConfig.of(above).model(above);
      assertEquals(expected, read(above), root.toString());
    }
  }

  /** One form, not empty. */
  private ObjectNode rope(ObjectNode rope, int pairs) {
    String kind = any("default", "linear", "llama3", "yarn", "longrope");
    if (either()) {
      rope.put("rope_type", kind);
      sometimes(() -> rope.put("type", any("default", "linear")));
    } else {
      rope.put("type", kind);
    }
    if (!Set.of("default", "longrope").contains(kind) || either()) {
      rope.put("factor", any(2.0, 4.5, 0.5));
    }
    if (kind.equals("yarn")) {
      sometimes(() -> rope.putNull("factor"));
      sometimes(() -> rope.putNull("beta_fast"), () -> rope.put("beta_fast", any(0, 16)));
      sometimes(() -> rope.put("beta_slow", any(0.0, 0.5, 2.0)));
      sometimes(() -> rope.putNull("truncate"), () -> rope.put("truncate", either()));
      sometimes(() -> rope.put("mscale", any(0.707, 1.0, 0.0)));
      sometimes(() -> rope.put("mscale_all_dim", any(0.707, 1.0, 0.0)));
    }
    if (kind.equals("longrope")) {
      rope.putPOJO("short_factor", numbers(pairs)).putPOJO("long_factor", numbers(pairs));
    }
    if (kind.equals("yarn") || kind.equals("longrope")) {
      sometimes(() -> rope.putNull("attention_factor"), () -> rope.put("attention_factor", 1));
      sometimes(() -> rope.put("original_max_position_embeddings", 2 + random.nextInt(9000)));
    }
    if (kind.equals("llama3") || either()) {
      rope.put("low_freq_factor", 1.0).put("high_freq_factor", 4);
      sometimes(() -> rope.put("original_max_position_embeddings", 2 + random.nextInt(9000)));
    }
    sometimes(() -> rope.put("rope_theta", 5e5));
    return rope;
  }

  /** Does one of these, or nothing. */
  private void sometimes(Runnable... actions) {
    int action = random.nextInt(actions.length + 1);
    if (action < actions.length) {
      actions[action].run();
    }
  }

  private boolean either() {
    return random.nextBoolean();
  }

  @SafeVarargs
  private <T> T any(T... values) {
    return values[random.nextInt(values.length)];
  }
}
