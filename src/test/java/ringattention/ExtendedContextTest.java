package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A trained model whose context is extended: whole programs, over ranks as threads. */
class ExtendedContextTest {
  private static final double OTHER_RANKS = 1e-5;

  /** Heads have 16 elements. */
  private static final String[] LONG_ROPE = {
    "model.ropeScaling=longrope",
    "model.ropeFactor=4",
    "model.ropeOriginalContext=64",
    "model.ropeShortFactors=[1, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6]",
    "model.ropeLongFactors=[1, 2, 4, 8, 16, 32, 64, 64]"
  };

  @TempDir static Path trained;
  @TempDir Path folder;

  /** Weights are large: what positions are makes a difference. */
  @BeforeAll
  static void train() {
    Run run = train(new Program(trained), 1, "run", "model.initStd=0.3");
    assertEquals(0, run.job().exitCode(), run.job().output());
  }

  private static Run train(Program program, int ranks, String output, String... keys) {
    List<String> all = new ArrayList<>();
    for (String key : List.of("train.steps=2", "train.warmupSteps=0", "output.model=fp32")) {
      all.addAll(List.of("-D", key));
    }
    for (String key : keys) {
      all.addAll(List.of("-D", key));
    }
    return program.trainInProcess(ranks, output, all.toArray(String[]::new));
  }

  private static String model() {
    return "model.checkpoint=" + trained.resolve("run/model");
  }

  private static double firstLoss(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    return Double.parseDouble(run.column("loss").get(0));
  }

  @Test
  void itIsTrainedAndExported() throws IOException {
    Program program = new Program(folder);
    String[] keys = {
      model(),
      "model.ropeTheta=8e6",
      "model.ropeScaling=yarn",
      "model.ropeFactor=4",
      "model.ropeOriginalContext=128"
    };
    Run alone = train(program, 1, "alone", keys);
    double loss = firstLoss(alone);
    for (int ranks = 2; ranks <= 3; ranks++) {
      assertEquals(loss, firstLoss(train(program, ranks, "on" + ranks, keys)), OTHER_RANKS);
    }
    double before = firstLoss(train(program, 1, "before", model()));
    assertTrue(Math.abs(loss - before) > 1e-3, "of another rotary embedding: " + before);
    String said =
        "rotary embedding: theta 10000 -> 8000000, scaling default -> yarn, factor 4"
            + " (config.json -> input)";
    assertTrue(alone.printed().contains(said), alone.job().output());
    assertTrue(alone.lines("used_inputs.toml").contains("ropeAttentionFactor = 1.138629436111989"));
    Path exported = alone.folder().resolve("model/config.json");
    JsonNode config = new ObjectMapper().readTree(Files.readString(exported));
    assertEquals("yarn", config.path("rope_scaling").path("rope_type").asText());
    assertEquals(512, config.path("max_position_embeddings").asInt());
    // the export needs no keys, and a run with them says nothing
    String again = "model.checkpoint=" + alone.folder().resolve("model");
    double next = firstLoss(train(program, 1, "next", again));
    keys[0] = again;
    Run same = train(program, 1, "same", keys);
    assertEquals(next, firstLoss(same));
    assertTrue(!same.job().output().contains("rotary embedding:"), same.job().output());
  }

  private static String request(String id, int tokens) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < tokens; i++) {
      all.add(32 + i * 7 % 90);
    }
    return "{\"id\": \"" + id + "\", \"tokens\": " + all + "}";
  }

  /** Texts of one side of the original context are answered as they are alone. */
  @Test
  void longRopeAnswersTextsOfOneSide() {
    List<String> requests =
        List.of(
            request("short", 30),
            request("crossing", 60),
            request("long", 80),
            request("another", 41));
    GenerateRuns runs = new GenerateRuns(folder, model());
    String prompts = runs.prompts("mixed.jsonl", requests);
    Run mixed = runs.run(2, "mixed", keys(prompts));
    assertEquals(2, mixed.job().exitCode(), mixed.job().output());
    Map<String, JsonNode> answers = GenerateRuns.answers(mixed);
    assertEquals(List.of("another 0", "short 0"), answers.keySet().stream().sorted().toList());
    assertTrue(mixed.job().output().contains("passed over: request crossing: its 60 tokens"));
    assertTrue(mixed.job().output().contains("passed over: request long: with 80 tokens"));
    assertTrue(
        mixed.job().output().contains("rotary embedding: longrope, the short factors"),
        mixed.job().output());

    List<String> turned = new ArrayList<>(requests);
    Collections.reverse(turned.subList(0, 3)); // the long one comes first
    Run others = runs.run(1, "others", keys(runs.prompts("turned.jsonl", turned)));
    assertEquals(List.of("long 0"), List.copyOf(GenerateRuns.answers(others).keySet()));

    for (String id : List.of("short", "long")) {
      List<String> one = requests.stream().filter(line -> line.contains('"' + id + '"')).toList();
      Run alone = runs.valid(1, id, keys(runs.prompts(id + ".jsonl", one)));
      JsonNode expected = GenerateRuns.answers(alone).get(id + " 0");
      JsonNode found = (id.equals("short") ? answers : GenerateRuns.answers(others)).get(id + " 0");
      GenerateRuns.assertSame(expected, found);
    }
  }

  private static String[] keys(String prompts) {
    List<String> keys = new ArrayList<>(List.of(LONG_ROPE));
    keys.add(prompts);
    return keys.toArray(String[]::new);
  }
}
