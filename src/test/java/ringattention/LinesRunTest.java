package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.comm.MpiJob;
import ringattention.data.lines.LineTokenizerFile;
import ringattention.data.lines.LineVocabulary;

/** Line retrieval in whole runs of every command, over ranks as threads. */
class LinesRunTest {
  private static final String INPUT = "inputs/retrieval/tiny.toml";
  private static final String PROMPT =
      "line brave-castle: REGISTER_CONTENT is <123>\n"
          + "Question: brave-castle? Answer: line brave-castle: REGISTER_CONTENT is <";

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void program() {
    program = new Program(folder);
  }

  private MpiJob.Result job(int ranks, String command, String... more) {
    List<String> all = new ArrayList<>(List.of(command, INPUT, "-D", "device.threads=1"));
    all.addAll(List.of("-D", "output.plots=false"));
    all.addAll(List.of(more));
    return program.inProcess(ranks, all.toArray(String[]::new));
  }

  private Run run(int ranks, String command, String output, String... more) {
    List<String> all = new ArrayList<>(List.of("-o", program.file(output).toString()));
    all.addAll(List.of(more));
    Run run = new Run(job(ranks, command, all.toArray(String[]::new)), program.file(output));
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  /** Returns the text with every gap as one space: lines of the log are wrapped. */
  private static String said(Run run) {
    return run.job().output().replaceAll("\\s+", " ");
  }

  @Test
  void ranksAgreeAndRunsGoOn() {
    Run one = run(1, "train", "one");
    Run two = run(2, "train", "two");
    for (int step = 0; step < 4; step++) {
      double loss = Double.parseDouble(one.column("loss").get(step));
      assertEquals(loss, Double.parseDouble(two.column("loss").get(step)), 1e-5 * loss);
    }
    assertEquals(List.of("", "", "", ""), one.column("epoch"));
    assertEquals(List.of("1024", "2048", "3072", "4096"), one.column("tokens_seen"));
    assertFalse(one.summary().has("epoch"));
    assertTrue(
        said(one)
            .contains(
                "lines: tasks made from the seed, no epochs; lines of a task by level: 2 (4 words left"
                    + " out), 2 (3 words left out), 2 (2 words left out), 2 (1 words left out), 2, 3,"
                    + " 5, 9, 15, 18 (fills a sequence) tokens per step: 1024,"),
        one.job().output());
    assertTrue(said(one).contains("seen 0 tokens; after step 4: 4096 tokens"));

    run(1, "train", "part", "-D", "checkpoint.keep=9");
    Run resumed =
        run(
            1,
            "train",
            "resumed",
            "-D",
            "checkpoint.resume=" + program.file("part/checkpoints/step_2"));
    assertEquals(one.column("loss").subList(2, 4), resumed.column("loss"));
    MpiJob.Result other =
        job(
            1,
            "train",
            "-D",
            "checkpoint.resume=" + program.file("part/checkpoints/step_2"),
            "-D",
            "lines.growth=2");
    assertEquals(2, other.exitCode(), other.output());
    assertTrue(
        other.output().contains("tiny.toml: data.format = \"lines\": corpus (digest "),
        other.output());
    MpiJob.Result same =
        job(1, "train", "-o", program.file("part").toString(), "--resume", "-D", "lines.growth=2");
    assertEquals(2, same.exitCode(), same.output());
    assertTrue(
        same.output().contains("lines.growth = 2.0: must be 1.7 to resume, as in"), same.output());
  }

  @Test
  void theModelIsExportedWithItsTokenizerAndAnswers() throws IOException {
    run(2, "train", "run");
    Path model = program.file("run/model");
    assertEquals(LineTokenizerFile.json(), Files.readString(model.resolve("tokenizer.json")));
    ObjectMapper json = new ObjectMapper();
    JsonNode tokenizer = json.readTree(model.resolve("tokenizer_config.json").toFile());
    assertEquals("PreTrainedTokenizerFast", tokenizer.path("tokenizer_class").asText());
    assertEquals(">", tokenizer.path("eos_token").asText());
    assertEquals(512, tokenizer.path("model_max_length").asInt());
    JsonNode config = json.readTree(model.resolve("config.json").toFile());
    assertEquals(LineVocabulary.CLOSE, config.path("eos_token_id").asInt());

    String from = "model.checkpoint=" + model;
    Run one = run(1, "evaluate", "one", "-D", from);
    Run two = run(2, "evaluate", "two", "-D", from);
    double loss = one.summary().get("loss").asDouble();
    assertEquals(loss, two.summary().get("loss").asDouble(), 1e-5 * loss);
    assertEquals(4, one.summary().get("sequences").asInt());
    assertTrue(one.summary().get("labels").asInt() > 4 * 12 * 5, "of 4 or 5 digits as a rule");
    long questions = one.summary().get("questions").asLong();
    assertTrue(questions >= 4 * 12, questions + " questions in 4 sequences");
    assertEquals(questions, two.summary().get("questions").asLong());
    assertEquals(one.summary().get("exact").asLong(), two.summary().get("exact").asLong());

    Path exported = program.file("exported");
    MpiJob.Result export =
        program.inProcess(1, "export", program.file("run").toString(), "-o", exported.toString());
    assertEquals(0, export.exitCode(), export.output());
    assertEquals(LineTokenizerFile.json(), Files.readString(exported.resolve("tokenizer.json")));

    String checkpoint = "checkpoint.resume=" + program.file("run");
    String[] prompt = {"--prompt", PROMPT, "-D", "generate.maxNewTokens=5", "-D"};
    List<String> answers = new ArrayList<>();
    for (String weights : List.of(from, "model.checkpoint=" + exported, checkpoint)) {
      List<String> all = new ArrayList<>(List.of(prompt));
      all.add(weights);
      Run answered = run(1, "generate", "a" + answers.size(), all.toArray(String[]::new));
      answers.add(
          json.readTree(answered.lines("generations.jsonl").get(0)).path("answer").toString());
    }
    assertEquals(List.of(answers.get(0), answers.get(0)), answers.subList(1, 3));
  }

  /** Numbers of one digit, 0 or 1, so that half of the answers are right by chance. */
  @Test
  void levelsArePassedUntilATaskFillsASequence() {
    String[] easy = {
      "-D", "lines.numbers=[0,1]", "-D", "lines.growth=3", "-D", "curriculum.gate=0.3",
      "-D", "curriculum.leastSteps=2", "-D", "train.steps=400", "-D", "train.sequence=256",
      "-D", "train.learningRate=3e-3", "-D", "train.warmupSteps=5", "-D", "checkpoint.every=1000"
    };
    Run run = run(2, "train", "levels", easy);
    List<String> levels = run.column("level");
    assertEquals("1", levels.get(0));
    assertEquals("7", levels.get(levels.size() - 1));
    assertTrue(levels.size() < 400, levels.size() + " steps");
    assertTrue(said(run).contains("gate passed 7.00e+00 <= 7.00e+00 PASSED"), said(run));
    assertTrue(Double.parseDouble(run.column("exact_rate").get(levels.size() - 1)) > 0.3);
    String status = program.inProcessAlone("status", run.folder().toString()).output();
    assertTrue(status.contains(levels.size() + ", the last, of 400 at most"), status);
  }

  @Test
  void dataAreShown() {
    MpiJob.Result shown = job(2, "show-data", "-n", "4");
    assertEquals(0, shown.exitCode(), shown.output());
    assertTrue(shown.output().contains("document 4: "), shown.output());
    assertFalse(shown.output().contains("document 5: "), shown.output());
    assertTrue(shown.output().matches("(?s).*Question: [a-z]+-[a-z]+\\? .*\\[\\[\\d+>\\]\\]\n.*"));
    MpiJob.Result plan = job(1, "plan");
    assertEquals(0, plan.exitCode(), plan.output());
    MpiJob.Result bad = job(1, "plan", "-D", "lines.first=99");
    assertEquals(2, bad.exitCode());
    assertTrue(bad.output().contains("-D lines.first = 99: must be below 18"), bad.output());
  }
}
