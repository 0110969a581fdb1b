package ringattention.huggingface;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.CommunicationException;
import ringattention.command.Sections;
import ringattention.device.HeadCounts;
import ringattention.input.InputException;
import ringattention.model.LinearRope;
import ringattention.model.Llama3Rope;
import ringattention.model.LongRope;
import ringattention.model.ModelConfig;
import ringattention.model.RopeScaling;
import ringattention.model.RopeScalingKind;
import ringattention.model.YarnRope;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.State;

/** What is written by some ranks is read by others, each its own part. */
class RoundTripTest {
  private static final int POSITIONS = 64;

  @TempDir Path above;

  private Path write(int ranks, boolean tied, StoredType type, long largestFile) {
    Path folder = above.resolve("model");
    Shards.onRanks(
        ranks,
        tied,
        (world, parameters) -> {
          Shards.fill(parameters);
          new HuggingFaceExport(
                  Shards.model(tied), type, POSITIONS, TokenizerCopy.NONE, largestFile)
              .write(
                  folder, world, parameters.groups(), sink -> parameters.save(State.WEIGHT, sink));
          return null;
        });
    return folder;
  }

  private record Read(Map<String, float[]> values, long bytes) {}

  private static List<Read> read(Path folder, int ranks, boolean tied) {
    return Shards.onRanks(
        ranks,
        tied,
        (world, parameters) -> {
          try (HuggingFaceFolder source =
              HuggingFaceFolder.open(folder, Shards.groups(tied), tied)) {
            assertEquals(0, source.bytesRead());
            parameters.load(State.WEIGHT, source);
            return new Read(Shards.held(parameters), source.bytesRead());
          }
        });
  }

  @ParameterizedTest(name = "{0} to {1} ranks, tied {2}, {3}, files of {4} bytes")
  @CsvSource({
    "1, 1, false, F32, 1000000000, 1",
    "1, 3, true, BF16, 1000000000, 1",
    "3, 1, false, BF16, 8000, 4",
    "2, 5, true, F32, 3000, 7",
    "5, 2, false, F32, 3000, 8",
    "4, 4, false, BF16, 1, 21",
    "2, 3, true, F16, 3000, 4",
  })
  void valuesSurvive(
      int writers, int readers, boolean tied, StoredType type, long largestFile, int files)
      throws IOException {
    Path folder = write(writers, tied, type, largestFile);
    assertEquals(files, files(folder).stream().filter(n -> n.endsWith(".safetensors")).count());
    List<Read> reads = read(folder, readers, tied);
    for (int rank = 0; rank < readers; rank++) {
      long bytes = 0;
      for (ParameterGroup group : Shards.groups(tied)) {
        for (ParameterGroup.Piece piece : group.pieces(rank, readers)) {
          bytes += piece.length() * (type == StoredType.F32 ? 4 : 2);
          float[] held = reads.get(rank).values().get(piece.parameter().name());
          for (long i = piece.index(); i < piece.index() + piece.length(); i++) {
            float value = Shards.value(piece.parameter(), i);
            float expected = rounded(type, value);
            assertEquals(expected, held[(int) i], piece.parameter().name() + " " + i);
          }
        }
      }
      assertEquals(bytes, reads.get(rank).bytes(), "rank " + rank + " reads its part only");
    }
  }

  /** To 8 or 11 significant bits; values here are never half way, nor too small for them. */
  private static float rounded(StoredType type, float value) {
    float unit =
        switch (type) {
          case BF16 -> Math.ulp(value) * 0x1p16f;
          case F16 -> Math.ulp(value) * 0x1p13f;
          default -> Math.ulp(value);
        };
    return (float) Math.rint(value / unit) * unit;
  }

  private static Set<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void indexSaysWhereEveryTensorIs() throws IOException {
    Path folder = write(2, true, StoredType.F32, 3000);
    JsonNode index = json(folder.resolve("model.safetensors.index.json"));
    long elements = 0;
    for (ParameterGroup group : Shards.groups(true)) {
      elements += group.elements();
    }
    assertEquals(elements * 4, index.path("metadata").path("total_size").asLong());
    assertEquals(20, index.path("weight_map").size());
    assertEquals(
        "model-00001-of-00007.safetensors",
        index.path("weight_map").path("model.embed_tokens.weight").asText());
    assertEquals(
        "model-00002-of-00007.safetensors", // in the group of a tied embedding
        index.path("weight_map").path("model.norm.weight").asText());
    assertEquals(11, files(folder).size(), "7 files, index and 3 small ones: " + files(folder));
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(Files.readString(file));
  }

  /** The bytes of the format: little-endian length, padded JSON, elements. */
  @Test
  void layoutOfAFile() throws IOException {
    Parameter matrix = new Parameter("a", Parameter.Initial.NORMAL, 1, 2);
    Parameter vector = new Parameter("b.c", Parameter.Initial.ONES, 1);
    Path file = above.resolve("x.safetensors");
    StoredFloats floats = new StoredFloats();
    try (SafetensorsWriter writer =
        new SafetensorsWriter(file, StoredType.BF16, List.of(matrix, vector))) {
      writer.create();
      writer.open();
      writer.write(vector, 0, FloatBuffer.wrap(new float[] {-2}), floats);
      writer.write(matrix, 1, FloatBuffer.wrap(new float[] {1}), floats);
    }
    String json =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"a\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[0,4]},"
            + "\"b.c\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[4,6]}}";
    String padded = json + " ".repeat((8 - json.length() % 8) % 8);
    ByteBuffer expected = ByteBuffer.allocate(8 + padded.length() + 6);
    expected.order(ByteOrder.LITTLE_ENDIAN).putLong(padded.length()).put(padded.getBytes(UTF_8));
    expected.putShort((short) 0).putShort((short) 0x3f80).putShort((short) 0xc000);
    assertEquals(expected.rewind(), ByteBuffer.wrap(Files.readAllBytes(file)));
  }

  /** What reads a config.json here reads the one written here as the same model. */
  @ParameterizedTest
  @EnumSource(RopeScalingKind.class)
  void configReadsBackEqual(RopeScalingKind kind) throws IOException {
    RopeScaling scaling = switch (kind) { // made for fewer positions than it is trained on
          case DEFAULT -> RopeScaling.NONE;
          case LINEAR -> new LinearRope(4);
          case LLAMA3 -> new Llama3Rope(8, 2, 5, 7);
          case YARN -> new YarnRope(4, 11, 1.25, 16, 0.5, false);
          case LONGROPE ->
              new LongRope(List.of(1., 2., 3.), List.of(1., 20., 64.), 3, 9, 1.1, false);
        };
    ModelConfig model =
        new ModelConfig(
            300,
            24,
            3,
            new HeadCounts(4, 2, 6),
            50,
            5e5,
            scaling,
            3e-6,
            true,
            0.1,
            Optional.empty());
    byte[] bytes = new LlamaConfigFile(model, StoredType.BF16, POSITIONS, Optional.empty()).bytes();
    Files.write(above.resolve("config.json"), bytes);
    ModelConfig read =
        Sections.INPUTS.defaults(List.of("model.checkpoint=" + above)).get(ModelConfig.SECTION);
    assertEquals(
        model.toString(), read.toString().replace("Optional[" + above + "]", "Optional.empty"));
    JsonNode json = json(above.resolve("config.json"));
    assertEquals("LlamaForCausalLM", json.path("architectures").path(0).asText());
    assertEquals("bfloat16", json.path("torch_dtype").asText());
    assertEquals(POSITIONS, json.path("max_position_embeddings").asInt());
    assertEquals(5e5, json.path("rope_parameters").path("rope_theta").asDouble());
    assertEquals(kind.toString(), json.path("rope_parameters").path("rope_type").asText());
    assertEquals(kind == RopeScalingKind.DEFAULT, json.path("rope_scaling").isNull());
    // a model trained on keeps the marks and the context of the first
    String marked =
        new String(bytes, UTF_8)
            .replace("\"eos_token_id\" : null", "\"eos_token_id\" : [7, 9]")
            .replace("\"max_position_embeddings\" : 64", "\"max_position_embeddings\" : 99");
    Files.writeString(above.resolve("config.json"), marked);
    Path next = above.resolve("next.json");
    Files.write(
        next, new LlamaConfigFile(read, StoredType.F32, POSITIONS, Optional.empty()).bytes());
    assertEquals("[7,9]", json(next).path("eos_token_id").toString());
    assertTrue(json(next).path("bos_token_id").isNull());
    assertEquals(99, json(next).path("max_position_embeddings").asInt());
    // what it leaves out has the defaults of transformers: a context of 2048, marks 1 and 2
    String bare =
        new String(bytes, UTF_8)
            .replaceAll("\"(bos_token_id|eos_token_id)\" : null,", "")
            .replaceAll("\"max_position_embeddings\" : 64,", "");
    Files.writeString(above.resolve("config.json"), bare);
    Files.write(
        next, new LlamaConfigFile(read, StoredType.F32, POSITIONS, Optional.empty()).bytes());
    assertFalse(json(next).has("eos_token_id"));
    assertTrue(json(next).path("pad_token_id").isNull());
    assertEquals(2048, json(next).path("max_position_embeddings").asLong());
    Files.write(
        next, new LlamaConfigFile(read, StoredType.F32, 1L << 33, Optional.empty()).bytes());
    assertEquals(1L << 33, json(next).path("max_position_embeddings").asLong());
    Files.writeString(
        above.resolve("config.json"), marked.replace("_embeddings\" : 99", "_embeddings\" : 1e5"));
    assertEquals(
        above.resolve("config.json") + ": max_position_embeddings: must be a whole number",
        assertThrows(
                InputException.class,
                () -> new LlamaConfigFile(read, StoredType.F32, POSITIONS, Optional.empty()))
            .getMessage());
  }

  /**
   * The context of an extended model is what it was made for, if that is more than what it was and
   * what it is trained on; one that comes extended keeps its own. Published contexts are not the
   * product of factor and original context.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"rope_type": "default"} | 512 | | 512
          {"rope_type": "default"} | 512 | ropeTheta=8e6 | 512
          {"rope_type": "default"} | 512 | ropeScaling=linear ropeFactor=4 | 2048
          {"rope_type": "default"} | 512 | ropeScaling=yarn ropeFactor=4 | 2048
          {"rope_type": "default"} | 512 | ropeScaling=llama3 ropeFactor=8 ropeOriginalContext=100 | 800
          {"rope_type": "default"} | 512 | ropeScaling=longrope ropeFactor=3 ropeShortFactors=[1,1,1] ropeLongFactors=[1,1,2] | 1536
          {"rope_type": "linear", "factor": 4} | 2048 | ropeFactor=8 | 4096
          {"rope_type": "linear", "factor": 3} | 100 | | 100
          {"rope_type": "dynamic", "factor": 3} | 512 | ropeScaling=linear ropeFactor=2 | 1024
          {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 512} | 600 | | 600
          {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 512} | 600 | ropeTheta=8e6 | 600
          {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 512} | 600 | ropeFactor=8 | 4096
          {"rope_type": "llama3", "factor": 32, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 512} | 8192 | ropeScaling=default | 8192
          """)
  void contextOfAnExtendedModel(String rope, int positions, String keys, int expected)
      throws IOException {
    String json =
        """
        {"model_type": "llama", "vocab_size": 300, "hidden_size": 24, "num_hidden_layers": 2,
         "num_attention_heads": 4, "intermediate_size": 50, "eos_token_id": [7, 9],
        """;
    Files.writeString(
        above.resolve("config.json"),
        json
            + "\"max_position_embeddings\": "
            + positions
            + ", \"rope_parameters\": "
            + rope
            + "}");
    ModelConfig model = extended(above, keys);
    Path next = Files.createDirectory(above.resolve("next"));
    byte[] written =
        new LlamaConfigFile(model, StoredType.BF16, POSITIONS, Optional.empty()).bytes();
    Files.write(next.resolve("config.json"), written);
    JsonNode config = json(next.resolve("config.json"));
    assertEquals(expected, config.path("max_position_embeddings").asInt());
    assertEquals("[7,9]", config.path("eos_token_id").toString());
    ModelConfig read = extended(next, null);
    assertEquals(model.ropeScaling(), read.ropeScaling());
    assertEquals(model.ropeTheta(), read.ropeTheta());
    // trained on with no key of its own, it stays what it is
    byte[] again = new LlamaConfigFile(read, StoredType.BF16, POSITIONS, Optional.empty()).bytes();
    assertEquals(new String(written, UTF_8), new String(again, UTF_8));
  }

  private static ModelConfig extended(Path folder, String keys) {
    List<String> all = new ArrayList<>(List.of("model.checkpoint=" + folder));
    if (keys != null) {
      all.addAll(List.of(keys.replaceAll("(^| )", "$1model.").split(" ")));
    }
    return Sections.INPUTS.defaults(all).get(ModelConfig.SECTION);
  }

  /** What killed runs leave at any moment, and what a user adds, before the next export. */
  private enum Left {
    NOTHING,
    HALF_WRITTEN,
    HALF_WRITTEN_BESIDE_A_MODEL,
    A_MODEL,
    A_MODEL_OF_AN_OLDER_PROGRAM,
    BETWEEN_THE_RENAMES,
    BEFORE_THE_OLDER_IS_REMOVED,
    WHILE_THE_OLDER_IS_REMOVED;

    void make(Path folder) throws IOException {
      switch (this) {
        case NOTHING -> {}
        case HALF_WRITTEN -> half(folder);
        case HALF_WRITTEN_BESIDE_A_MODEL -> {
          half(folder);
          older(folder, "model");
        }
        case A_MODEL -> older(folder, "model");
        case A_MODEL_OF_AN_OLDER_PROGRAM -> {
          older(folder, "model");
          Files.delete(folder.resolve("model").resolve(ExportRecord.NAME));
        }
        case BETWEEN_THE_RENAMES -> {
          half(folder);
          older(folder, "model.replaced");
        }
        case BEFORE_THE_OLDER_IS_REMOVED -> {
          older(folder, "model.replaced");
          Files.writeString(
              Files.createDirectories(folder.resolve("model")).resolve("config.json"), "{}");
        }
        case WHILE_THE_OLDER_IS_REMOVED -> {
          older(folder, "model.replaced");
          Files.delete(folder.resolve("model.replaced/config.json"));
          Path newer = Files.createDirectories(folder.resolve("model"));
          Files.move(
              folder.resolve("model.replaced/tokenizer.json"), newer.resolve("tokenizer.json"));
        }
      }
    }

    private static void half(Path folder) throws IOException {
      Path partial = Files.createDirectories(folder.resolve("model.partial"));
      Files.writeString(partial.resolve("model-00009-of-00009.safetensors"), "half");
    }

    /**
     * Of five files, one of which the user has changed since, with a tokenizer and a folder that he
     * put there.
     */
    private static void older(Path folder, String name) throws IOException {
      Path model = Files.createDirectories(folder.resolve(name));
      for (String file :
          List.of(
              "config.json",
              "model-00001-of-00002.safetensors",
              "model-00002-of-00002.safetensors",
              "model.safetensors.index.json",
              "merges.txt",
              "vocab.json",
              "tokenizer.json",
              "notes/of/mine.txt")) {
        Files.createDirectories(model.resolve(file).getParent());
        Files.writeString(model.resolve(file), "older");
      }
      byte[] same = "older".getBytes(UTF_8);
      byte[] other = "before".getBytes(UTF_8);
      ExportRecord record = ExportRecord.of(Map.of("merges.txt", same, "vocab.json", other));
      Files.write(model.resolve(ExportRecord.NAME), record.bytes());
    }

    boolean hasModel() {
      return this != NOTHING && this != HALF_WRITTEN;
    }
  }

  @ParameterizedTest
  @EnumSource(Left.class)
  void anExportReplacesWhateverIsLeft(Left left) throws IOException {
    left.make(above);
    Path folder = write(2, false, StoredType.BF16, 1000000);
    assertEquals(Set.of("model"), files(above));
    Set<String> expected =
        new TreeSet<>(
            Set.of(
                "config.json",
                "generation_config.json",
                "model.safetensors",
                "ringattention_export.json"));
    if (left.hasModel()) {
      expected.addAll(List.of("tokenizer.json", "notes", "vocab.json"));
      if (left == Left.A_MODEL_OF_AN_OLDER_PROGRAM) {
        expected.add("merges.txt"); // for all that is known, the user's
      }
      assertEquals("older", Files.readString(folder.resolve("notes/of/mine.txt")));
      assertEquals("older", Files.readString(folder.resolve("tokenizer.json")));
    }
    assertEquals(expected, files(folder));
    assertEquals(1, read(folder, 1, false).size());
  }

  /** A folder of that name, and nothing else, may be replaced. */
  @Test
  void aFileInTheWayStays() throws IOException {
    Path file = Files.writeString(above.resolve("model"), "mine");
    CommunicationException failure =
        assertThrows(CommunicationException.class, () -> write(2, false, StoredType.BF16, 1000000));
    assertTrue(failure.getCause() instanceof UncheckedIOException, failure.toString());
    assertTrue(failure.getCause().getMessage().contains("cannot write " + file));
    assertEquals("mine", Files.readString(file));
  }
}
