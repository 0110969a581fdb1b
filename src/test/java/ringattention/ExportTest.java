package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.MpiJob;

/** Exported folders: all that is in them, from {@code train} and from {@code export}. */
class ExportTest {
  private static final Path WORDS = Path.of("src/test/resources/tokenizers/words");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of a model that training starts from, to be kept as it is. */
  private static final String KEPT =
      """
      {"bos_token_id": 0, "eos_token_id": [1, 7, 9], "pretraining_tp": 1, "use_cache": true,
       "attention_dropout": 0.0, "sequence_parallel_enabled": false, "dtype": "float64",
       "mine": {"note": [1, 2.5]}, "max_position_embeddings": 40,
       "original_max_position_embeddings": 7}
      """;

  private static final String GENERATION =
      "{\"bos_token_id\": 0,  \"eos_token_id\": [1, 7, 9], \"temperature\": 0.6}\n";

  private static final String TEMPLATE = "{% for message in messages %}{{ message }}{% endfor %}";

  private static final String TOKENIZER_CONFIG =
      "{\"model_max_length\":  48 , \"eos_token\": \"<stop>\", \"bos_token\": \"<begin>\","
          + " \"chat_template\": \"{{ bos_token }}\"}";

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void program() {
    program = new Program(folder);
    program.write("text.txt", "red green blue red\n".repeat(300));
  }

  private Run train(int ranks, String output, String... keys) {
    List<String> all = new ArrayList<>();
    for (String key :
        List.of(
            "train.steps=2",
            "train.warmupSteps=0",
            "train.minLearningRate=3e-4",
            "train.sequence=64",
            "checkpoint.every=2",
            "checkpoint.keep=9")) {
      all.addAll(List.of("-D", key));
    }
    for (String key : keys) {
      all.addAll(key.startsWith("--") ? List.of(key) : List.of("-D", key));
    }
    return valid(program.trainInProcess(ranks, output, all.toArray(String[]::new)));
  }

  private static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private MpiJob.Result export(int ranks, String run, String output, String... more) {
    List<String> all = new ArrayList<>(List.of("export", program.file(run).toString(), "-o"));
    all.add(program.file(output).toString());
    all.addAll(List.of(more));
    return program.inProcess(ranks, all.toArray(String[]::new));
  }

  /** Returns what it says, on one line. */
  private String exported(int ranks, String run, String output, String... more) {
    MpiJob.Result job = export(ranks, run, output, more);
    assertEquals(0, job.exitCode(), job.output());
    return job.output().replaceAll("\\s+", " ");
  }

  private String refused(String run, String output, String... more) {
    MpiJob.Result job = export(2, run, output, more);
    assertEquals(2, job.exitCode(), job.output());
    assertEquals(1, job.output().lines().count(), job.output());
    return job.output();
  }

  private Map<String, ByteBuffer> bytes(String model) throws IOException {
    Map<String, ByteBuffer> bytes = new TreeMap<>();
    try (Stream<Path> files = Files.list(program.file(model))) {
      for (Path file : files.toList()) {
        bytes.put(file.getFileName().toString(), ByteBuffer.wrap(Files.readAllBytes(file)));
      }
    }
    return bytes;
  }

  private JsonNode json(String file) throws IOException {
    return JSON.readTree(program.file(file).toFile());
  }

  private Path write(String file, String text) throws IOException {
    Files.createDirectories(program.file(file).getParent());
    return program.write(file, text);
  }

  private Path tokenizer(String name) throws IOException {
    write(name + "/tokenizer.json", Files.readString(WORDS.resolve("tokenizer.json")));
    write(name + "/tokenizer_config.json", TOKENIZER_CONFIG);
    return program.file(name);
  }

  /**
   * Makes the folder of a model as others publish it; returns the key that names it. The input's
   * sizes are left to it.
   */
  private String origin(String name) throws IOException {
    train(1, "first", "output.model=fp32", "train.steps=1");
    Path model = program.file("first/model");
    Path origin = tokenizer(name);
    Files.copy(model.resolve("model.safetensors"), origin.resolve("model.safetensors"));
    ObjectNode config = (ObjectNode) json("first/model/config.json");
    config.remove(List.of("torch_dtype", "pad_token_id"));
    config.setAll((ObjectNode) JSON.readTree(KEPT));
    write(name + "/config.json", config.toString());
    write(name + "/generation_config.json", GENERATION);
    write(name + "/chat_template.jinja", TEMPLATE);
    write(name + "/special_tokens_map.json", "{ }");
    write(name + "/README.md", "not of the tokenizer");
    String sizes = "(?m)^(hidden|layers|heads|keyValueHeads) .*$";
    program.write("small.toml", program.input().replaceAll(sizes, ""));
    return "model.checkpoint=" + origin;
  }

  /** Whatever ranks wrote it and whatever ranks export it, it is what training exports. */
  @ParameterizedTest
  @CsvSource({"bf16, 3, 1, 256", "fp16, 1, 2, 256", "fp32, 2, 3, 256", "bf16, 2, 1, 70000"})
  void exportsWhatTrainingDoes(String type, int trained, int exporting, int vocabulary)
      throws IOException {
    String tokenizer = "data.tokenizer=" + tokenizer("tokenizer");
    // of 70000 tokens each rank's part of a matrix is read in two blocks
    train(trained, "run", tokenizer, "output.model=" + type, "model.vocabulary=" + vocabulary);
    String said = exported(exporting, "run", "out/side/model", "--type", type);
    assertEquals(bytes("run/model"), bytes("out/side/model"));
    assertTrue(said.contains("step_2: step 2, written by ringattention"), said);
    assertTrue(said.contains("written as " + type + " in "), said);
    assertTrue(said.contains("VALID: step 2, "), said);
    // a folder of one step, over the export that is there
    exported(1, "run/checkpoints/step_2", "out/side/model", "--type", type);
    assertEquals(bytes("run/model"), bytes("out/side/model"));
    assertEquals(List.of("model"), names("out/side"));
    assertEquals(
        Map.of("bf16", "bfloat16", "fp16", "float16", "fp32", "float32").get(type),
        json("run/model/config.json").path("torch_dtype").asText());
  }

  /** Weights that do not change are read and written by tensor ranks as by one, to the bit. */
  @Test
  void modelsAreReadAndWrittenByParts() throws IOException {
    String[] still = {
      "train.learningRate=1e-30",
      "train.minLearningRate=0",
      "train.weightDecay=0",
      "output.model=fp32",
      "train.seed=5"
    };
    List<String> keys = new ArrayList<>(List.of(still));
    keys.add("model.keyValueHeads=2");
    train(1, "one", keys.toArray(String[]::new));
    keys.add("parallel.tensor=2");
    train(4, "parts", keys.toArray(String[]::new));
    assertEquals(bytes("one/model"), bytes("parts/model"));
    exported(3, "parts", "out", "--type", "fp32");
    assertEquals(bytes("one/model"), bytes("out"));
    keys.add("train.seed=6");
    keys.add("model.checkpoint=" + program.file("out"));
    train(2, "again", keys.toArray(String[]::new));
    String weights = "model.safetensors";
    assertEquals(bytes("one/model").get(weights), bytes("again/model").get(weights));
  }

  private List<String> names(String parent) throws IOException {
    try (Stream<Path> files = Files.list(program.file(parent))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void exportsTheStepThatIsAskedFor() throws IOException {
    train(1, "long", "train.steps=6");
    train(1, "short", "train.steps=4", "output.model=bf16");
    exported(1, "long", "four", "--step", "4");
    assertEquals(bytes("short/model"), bytes("four"));
    exported(1, "long", "six");
    assertNotEquals(bytes("four"), bytes("six"));
    exported(1, "long", "again", "--step", "6");
    assertEquals(bytes("six"), bytes("again"));
    String line = refused("long", "none", "--step", "3");
    assertTrue(line.endsWith("long: has no whole checkpoint of step 3, but of 2, 4, 6"), line);
    assertFalse(Files.exists(program.file("none")));
  }

  /** Of stages the last that has a checkpoint is meant; each is a run, too. */
  @Test
  void exportsStages() throws IOException {
    String stages = "[[stage]]\nsequence = 64\n\n[[stage]]\nsequence = 80\n";
    program.write("small.toml", program.input() + stages);
    program.trainInProcess(
        1, "run", "-D", "train.steps=2", "-D", "checkpoint.every=2", "-D", "output.model=bf16");
    for (int stage = 1; stage <= 2; stage++) {
      exported(1, "run/stage-" + stage, "of-" + stage);
      assertEquals(bytes("run/stage-" + stage + "/model"), bytes("of-" + stage));
    }
    exported(1, "run", "whole", "--step", "2");
    assertEquals(bytes("of-2"), bytes("whole"));
    assertNotEquals(bytes("of-1"), bytes("whole"));
  }

  /** Everything that training does not change is as it was in the model that it started from. */
  @Test
  void keepsWhatItStartedFrom() throws IOException {
    String origin = origin("origin");
    String tokenizer = "data.tokenizer=" + program.file("origin");
    train(2, "run", origin, tokenizer, "output.model=bf16");
    exported(1, "run", "out");
    assertEquals(bytes("run/model"), bytes("out"));
    Map<String, ByteBuffer> before = bytes("origin");
    Map<String, ByteBuffer> after = bytes("out");
    for (String copied :
        List.of(
            "tokenizer.json",
            "chat_template.jinja",
            "special_tokens_map.json",
            "generation_config.json")) {
      assertEquals(before.get(copied), after.get(copied), copied);
    }
    assertFalse(after.containsKey("README.md"));
    assertEquals( // 64 positions are more than 48
        TOKENIZER_CONFIG.replace("48", "64"),
        Files.readString(program.file("out/tokenizer_config.json")));
    JsonNode config = json("out/config.json");
    ObjectNode kept = (ObjectNode) JSON.readTree(KEPT);
    kept.remove("original_max_position_embeddings"); // it would be taken for the rotary one
    kept.put("max_position_embeddings", 64).put("dtype", "bfloat16");
    kept.fields()
        .forEachRemaining(
            field -> assertEquals(field.getValue(), config.get(field.getKey()), field.getKey()));
    assertEquals("bfloat16", config.path("torch_dtype").asText());
    assertFalse(config.has("pad_token_id"), "has a default, as before");
    assertFalse(config.has("original_max_position_embeddings"));
    assertEquals("architectures", config.fieldNames().next(), "the order is as it was");
  }

  /** What is exported can be started from, is read as the same model, and exported alike. */
  @Test
  void anExportIsAModelAndATokenizer() throws IOException {
    origin("origin");
    String tokenizer = "data.tokenizer=" + program.file("origin");
    Path origin = program.file("origin");
    train(1, "run", "model.checkpoint=" + origin, tokenizer, "output.model=fp32");
    Path model = program.file("run/model");
    String again = "data.tokenizer=" + model;
    train(1, "next", "model.checkpoint=" + model, again, "output.model=fp32", "train.steps=1");
    Map<String, ByteBuffer> first = bytes("run/model");
    Map<String, ByteBuffer> second = bytes("next/model");
    assertNotEquals(first.remove("model.safetensors"), second.remove("model.safetensors"));
    assertEquals(first, second, "all but the weights");
    String[] stored = {"checkpoint.resume=" + program.file("run"), tokenizer};
    assertEquals(
        loss("stored", stored[0], stored[1], "model.checkpoint=" + origin),
        loss("imported", "model.checkpoint=" + model, again));
  }

  private String loss(String output, String... keys) {
    List<String> all =
        new ArrayList<>(List.of("evaluate", program.file("small.toml").toString(), "-o"));
    all.addAll(List.of(program.file(output).toString(), "-D", "train.sequence=64"));
    for (String key : keys) {
      all.addAll(List.of("-D", key));
    }
    Run run = new Run(program.inProcess(1, all.toArray(String[]::new)), program.file(output));
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run.summary().path("loss").asText() + run.lastLine().split(",")[0];
  }

  /** Special tokens are those of the tokenizer used, wherever they are said. */
  @Test
  void anotherTokenizerHasItsOwnSpecialTokens() throws IOException {
    String origin = origin("origin");
    Path other = tokenizer("other");
    String ends =
        TOKENIZER_CONFIG.replace("<stop>", "blue").replace("}}\"", "}}\", \"pad_token\": \"red\"");
    write("other/tokenizer_config.json", ends);
    train(1, "run", origin, "data.tokenizer=" + other, "output.model=bf16");
    String ids = "{\"bos_token_id\":0,\"eos_token_id\":5,\"pad_token_id\":3}";
    ObjectNode config = (ObjectNode) json("run/model/config.json");
    assertEquals(ids, config.retain("bos_token_id", "eos_token_id", "pad_token_id").toString());
    ObjectNode expected = (ObjectNode) JSON.readTree(ids);
    assertEquals(expected.put("temperature", 0.6), json("run/model/generation_config.json"));
    assertEquals(
        ByteBuffer.wrap(ends.replace("48", "64").getBytes()),
        bytes("run/model").get("tokenizer_config.json"));

    // the same end in a folder of weights alone is the model's own; another is not
    Files.delete(program.file("origin/tokenizer.json"));
    train(1, "same", origin, "data.tokenizer=" + tokenizer("same-end"), "output.model=bf16");
    assertEquals("[1,7,9]", json("same/model/config.json").path("eos_token_id").toString());
    train(1, "others", origin, "data.tokenizer=" + other, "output.model=bf16");
    assertEquals(5, json("others/model/config.json").path("eos_token_id").asInt());
  }

  /** A tokenizer.json alone would be opened as another one. */
  @Test
  void aTokenizerWithoutItsConfigGetsOne() throws IOException {
    String json = Files.readString(WORDS.resolve("tokenizer.json")).replace("<stop>", "</s>");
    Path lone = write("lone/words.json", json);
    train(1, "run", "data.tokenizer=" + lone, "output.model=bf16");
    assertEquals(json, Files.readString(program.file("run/model/tokenizer.json")));
    JsonNode config = json("run/model/tokenizer_config.json");
    assertEquals("PreTrainedTokenizerFast", config.path("tokenizer_class").asText());
    assertEquals("</s>", config.path("eos_token").asText());
    assertEquals(64, config.path("model_max_length").asInt());
    assertEquals(1, json("run/model/config.json").path("eos_token_id").asInt());
  }

  @Test
  void bytesHaveNoTokenizer() throws IOException {
    String origin = origin("origin");
    String said = train(1, "run", origin, "output.model=bf16").job().output();
    assertTrue(said.contains("no tokenizer: the model reads bytes"), said);
    assertTrue(said.contains("WARNING: the tokenizer in " + program.file("origin")), said);
    assertEquals(
        List.of(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "ringattention_export.json"),
        names("run/model"));
    JsonNode config = json("run/model/config.json");
    assertTrue(config.path("eos_token_id").isNull(), config.toString());
    assertEquals(JSON.readTree("{\"temperature\":0.6}"), json("run/model/generation_config.json"));
  }

  /** A head that its config.json denies, and a folder that has gone since. */
  @Test
  void theOriginMayBeGone() throws IOException {
    String origin = origin("origin");
    Path config = program.file("origin/config.json");
    String tied = Files.readString(config).replace("embeddings\":false", "embeddings\":true");
    assertTrue(tied.contains("\"tie_word_embeddings\":true"), tied);
    Files.writeString(config, tied);
    String tokenizer = "data.tokenizer=" + tokenizer("tokenizer");
    train(1, "run", origin, tokenizer, "output.model=bf16");
    exported(1, "run", "there");
    assertEquals(bytes("run/model"), bytes("there"));
    Files.move(program.file("origin"), program.file("moved"));
    String said = exported(1, "run", "gone");
    assertTrue(said.contains("WARNING: model.checkpoint of the run is not there any more"), said);
    assertEquals(bytes("there").get("model.safetensors"), bytes("gone").get("model.safetensors"));
    assertFalse(json("gone/config.json").has("mine"));
    exported(1, "run", "named", "-D", "model.checkpoint=" + program.file("moved"));
    assertEquals(bytes("there"), bytes("named"));
  }

  /** Paths mean what they meant to the run, wherever the program is started now. */
  @Test
  void relativePathsAreThoseOfTheRun() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    String relative = here.relativize(tokenizer("tokenizer").toRealPath()).toString();
    train(1, "run", "data.tokenizer=" + relative, "output.model=bf16");
    Path elsewhere = Files.createDirectories(program.file("deep").resolve("a/b/c/d/e/f/g/h"));
    Path moved = elsewhere.resolve(relative).normalize();
    Files.createDirectories(moved.getParent());
    Files.move(program.file("tokenizer"), moved);
    String line = refused("run", "out");
    assertTrue(line.contains("used_inputs.toml: data.tokenizer = \"" + relative), line);
    Path events = program.file("run/run.jsonl");
    String moveTo = Files.readString(events).replace("\"" + here + "\"", "\"" + elsewhere + "\"");
    Files.writeString(events, moveTo);
    String said = exported(1, "run", "out");
    assertTrue(said.contains("tokenizer of " + moved), said);
    assertEquals(bytes("run/model"), bytes("out"));
  }

  @Test
  void aTokenizerThatHasChangedIsRefusedUnlessAccepted() throws IOException {
    Path tokenizer = tokenizer("tokenizer");
    train(1, "run", "data.tokenizer=" + tokenizer);
    write("tokenizer/tokenizer_config.json", TOKENIZER_CONFIG.replace("<stop>", "blue"));
    String line = refused("run", "out");
    assertTrue(line.contains("data.tokenizer = \"" + tokenizer + "\": tokenizer (digest "), line);
    assertTrue(line.contains("checkpoint.accept=[\"tokenizer\"]"), line);
    exported(1, "run", "out", "-D", "checkpoint.accept=[\"tokenizer\"]");
    assertEquals(5, json("out/config.json").path("eos_token_id").asInt());
    line = refused("run", "big", "-D", "data.tokenizer=src/test/resources/tokenizers/pairs");
    assertTrue(line.contains("has tokens up to 367, must be below model.vocabulary (256)"), line);
  }

  /** Nothing that an export did not make is replaced. */
  @ParameterizedTest
  @ValueSource(strings = {"out", "out.partial", "out.replaced"})
  void whatIsInTheWayStays(String taken) throws IOException {
    train(1, "run");
    write(taken + "/config.json", "mine");
    String line = refused("run", "out");
    assertTrue(line.startsWith("ringattention: " + program.file(taken) + ": is in the way"), line);
    assertEquals("mine", Files.readString(program.file(taken + "/config.json")));
    Files.move(program.file(taken), program.file("kept"));
    Files.createDirectories(program.file(taken)); // nothing to lose
    exported(1, "run", "out");
  }

  @Test
  void whatTheRunStartedFromStays() throws IOException {
    train(1, "run", "output.model=bf16");
    String sizes = "(?m)^(hidden|layers|heads|keyValueHeads) .*$";
    program.write("small.toml", program.input().replaceAll(sizes, ""));
    train(1, "next", "model.checkpoint=" + program.file("run/model"));
    Map<String, ByteBuffer> before = bytes("run/model");
    String line = refused("next", "run/model");
    assertTrue(line.contains("run/model: is what the run has started from"), line);
    assertEquals(before, bytes("run/model"));
  }

  @Test
  void refusesWhatIsNoRun() throws IOException {
    assertTrue(refused("nothing", "out").contains("nothing: no such folder"));
    Files.createDirectory(program.file("empty"));
    assertTrue(refused("empty", "out").contains("empty: holds no checkpoint"));
    Run run = train(1, "run", "checkpoint.every=0");
    assertTrue(refused("run", "out").contains(run.folder() + ": holds no checkpoint"));
    train(1, "whole");
    String shape = refused("whole", "out", "-D", "model.layers=3");
    assertTrue(shape.contains("-D model.layers = 3: must be 2, as in checkpoint "), shape);
    Path shard = program.file("whole/checkpoints/step_2/rank_0.bin");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[bytes.length / 2] ^= 1;
    Files.write(shard, bytes);
    assertTrue(refused("whole", "out").contains(shard + ": corrupted"));
    Files.delete(program.file("whole/checkpoints/step_2/DONE"));
    assertTrue(refused("whole", "out").contains("the checkpoint is not complete"));
    assertEquals(List.of(), names("").stream().filter(name -> name.startsWith("out")).toList());
  }

  /** What fp16 cannot hold is its largest number, is counted, and leaves the model finite. */
  @Test
  void whatIsBeyondFp16IsSaid() throws IOException {
    train(1, "run", "model.initStd=30000", "train.learningRate=1e-9", "train.minLearningRate=0");
    String said = exported(2, "run", "half", "--type", "fp16");
    assertTrue(said.matches(".*WARNING: [0-9]+ weights are beyond 65504, the largest.*"), said);
    assertFalse(exported(1, "run", "wide", "--type", "bf16").contains("WARNING"));
    assertFalse(exported(1, "run", "dry", "--type", "fp16", "--dry-run").contains("written as"));
    assertFalse(Files.exists(program.file("dry")));
  }

  /**
   * What a user has added or changed outlives the next export; what is left of the last does not.
   */
  @Test
  void whatIsTheUsersSurvives() throws IOException {
    Path tokenizer = tokenizer("tokenizer");
    Path template = write("tokenizer/chat_template.jinja", TEMPLATE);
    train(1, "run", "data.tokenizer=" + tokenizer);
    train(1, "bytes");
    exported(1, "run", "out");
    write("out/README.md", "mine");
    write("out/generation_config.json", "{\"temperature\": 2}");
    Files.delete(template);
    String said = exported(1, "run", "out");
    assertTrue(said.contains("generation_config.json is as you have put it there"), said);
    assertEquals(
        "{\"temperature\": 2}", Files.readString(program.file("out/generation_config.json")));
    assertEquals("mine", Files.readString(program.file("out/README.md")));
    assertFalse(Files.exists(program.file("out/chat_template.jinja")), "of the export before");
    exported(1, "bytes", "out");
    assertFalse(Files.exists(program.file("out/tokenizer.json")), "of the export before");
    assertEquals("mine", Files.readString(program.file("out/README.md")));
  }
}
