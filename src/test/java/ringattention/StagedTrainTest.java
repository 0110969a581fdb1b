package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training in stages: three short ones, whole, interrupted and edited. */
class StagedTrainTest {
  private static final String STAGES =
      """

      [checkpoint]
      every = 2

      [[stage]]
      sequence = 32
      steps = 4

      [[stage]]
      sequence = 64
      steps = 5
      ropeTheta = 100000.0
      learningRate = 5e-4

      [[stage]]
      sequence = 128
      steps = 3
      ropeTheta = 1000000.0
      output.model = "fp32"
      """;

  /** Has a run of all stages on one rank, which tests look at and leave as it is; made once. */
  private static Program done;

  private static Run doneRun;

  @TempDir Path folder;
  private Program program;

  @BeforeAll
  static void trainOnce(@TempDir Path shared) {
    done = stages(shared);
    doneRun = valid(done.trainInProcess(1, "run"));
  }

  @BeforeEach
  void inputs() {
    program = stages(folder);
  }

  private static Program stages(Path folder) {
    Program program = new Program(folder);
    program.write("small.toml", program.input() + STAGES);
    return program;
  }

  private Run train(int ranks, String output, String... more) {
    return program.trainInProcess(ranks, output, more);
  }

  private static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static Run stage(Run run, int number) {
    return new Run(run.job(), run.folder().resolve("stage-" + number));
  }

  private static byte[] model(Run run) throws IOException {
    return Files.readAllBytes(run.folder().resolve("stage-3/model/model.safetensors"));
  }

  /**
   * Runs of all stages, without and with interruptions in the first step, in the middle and at the
   * end of the second.
   */
  @Test
  void interruptedStagesGiveTheSameBits() throws IOException {
    Run whole = valid(train(2, "whole"));
    assertTrue(whole.lastLine().startsWith("VALID: stage 3 of 3: final loss "), whole.lastLine());
    for (int step : new int[] {1, 4, 5}) {
      String name = "fails-" + step;
      String[] fault = {"-D", "fault.rank=1", "-D", "stage.2.fault.step=" + step};
      assertEquals(1, train(2, name, fault).job().exitCode());
      Run resumed = valid(train(2, name, "--resume"));
      for (int stage = 1; stage <= 3; stage++) {
        assertEquals(
            stage(whole, stage).column("loss"), stage(resumed, stage).column("loss"), name);
      }
      assertArrayEquals(model(whole), model(resumed), name);
    }
  }

  /** The process is older than its second stage, by the first at least. */
  @Test
  void aStageSaysHowLongItTookToStartItself() {
    Run whole = valid(train(2, "whole"));
    Instant before = last(stage(whole, 1));
    Run second = stage(whole, 2);
    Instant step =
        second.events().stream()
            .filter(event -> event.path("event").asText().equals("step"))
            .map(event -> Instant.parse(event.path("time").asText()))
            .findFirst()
            .orElseThrow();
    String said =
        second.lines("run.log").stream()
            .filter(line -> line.startsWith("started in "))
            .findFirst()
            .orElseThrow();
    double seconds = Double.parseDouble(said.split(" ")[2]);
    assertTrue(seconds <= Duration.between(before, step).toMillis() * 1e-3 + 0.1, said);
  }

  private static Instant last(Run run) {
    List<JsonNode> events = run.events();
    return Instant.parse(events.get(events.size() - 1).path("time").asText());
  }

  @Test
  void aStageStartsWithTheWeightsOfTheOneBefore() throws IOException {
    Run whole = doneRun;
    List<JsonNode> stages = List.of(whole.summary().get("stages").get(0), second(whole));
    assertEquals(List.of(4, 5), stages.stream().map(each -> each.get("steps").asInt()).toList());
    // the second stage alone, as its own used_inputs.toml has it
    Path inputs = whole.folder().resolve("stage-2/used_inputs.toml");
    Run alone =
        new Run(
            program.inProcess(
                1, "train", inputs.toString(), "-o", program.file("alone").toString()),
            program.file("alone"));
    assertEquals(stage(whole, 2).column("loss"), valid(alone).column("loss"));
    Run fresh =
        new Run(
            program.inProcess(
                1,
                "train",
                inputs.toString(),
                "-o",
                program.file("fresh").toString(),
                "-D",
                "checkpoint.weights=none"),
            program.file("fresh"));
    assertNotEquals(stage(whole, 2).column("loss"), valid(fresh).column("loss"));
    assertTrue(
        String.join("\n", stage(whole, 2).lines("run.log"))
            .contains("from here on: model.ropeTheta 10000.0 -> 100000.0"));
  }

  private static JsonNode second(Run run) {
    return run.summary().get("stages").get(1);
  }

  @Test
  void whatIsDoneIsNotDoneAgain() {
    Run again = valid(done.trainInProcess(1, "run", "--resume"));
    assertEquals(
        3, again.printed().stream().filter(line -> line.startsWith("done before: VALID")).count());
    assertEquals(3, again.summary().get("stages").size());
  }

  /** A later stage has begun with the weights of an earlier one: it can no longer be another. */
  @Test
  void anEditedEarlierStageIsRefused() {
    Run run = doneRun;
    String summary = run.summary().toString();
    for (String edit : new String[] {"stage.1.steps=6", "stage.2.learningRate=1e-5"}) {
      Run refused = done.trainInProcess(1, "run", "--resume", "-D", edit);
      assertEquals(2, refused.job().exitCode(), refused.job().output());
      String key = edit.substring(0, edit.indexOf('='));
      assertEquals(1, refused.errors().size());
      assertTrue(
          refused.errors().get(0).startsWith("ringattention: -D " + key + " = "),
          refused.errors().get(0));
      assertTrue(
          refused.errors().get(0).endsWith("has begun with its weights"), refused.errors().get(0));
    }
    assertEquals(summary, run.summary().toString());
  }

  /** One stage is a stage: others may follow it. */
  @Test
  void stagesMayBeAdded() {
    String one = STAGES.substring(0, STAGES.indexOf("[[stage]]", STAGES.indexOf("[[stage]]") + 1));
    program.write("small.toml", program.input() + one);
    assertEquals("VALID: stage 1 of 1", valid(train(1, "run")).lastLine().split(": final")[0]);
    program.write("small.toml", program.input() + STAGES);
    assertEquals(3, valid(train(1, "run", "--resume")).summary().get("stages").size());
  }

  /** The last stage may grow, as a run may. */
  @Test
  void theLastStageMayBeLonger() {
    valid(train(1, "run", "-D", "checkpoint.atEnd=true"));
    Run longer =
        valid(train(1, "run", "--resume", "-D", "stage.3.steps=4", "-D", "checkpoint.atEnd=true"));
    assertEquals(4, stage(longer, 3).column("loss").size());
  }

  /** All stages are looked at before the first begins. */
  @Test
  void aBadLastStageIsFoundFirst() {
    for (String bad :
        new String[] {"stage.3.data.path=nowhere", "stage.3.sequence=1", "stage.3.batch=3"}) {
      Run refused = train(2, "run", "-D", "parallel.ring=1", "-D", "train.batch=2", "-D", bad);
      assertEquals(2, refused.job().exitCode(), refused.job().output());
      assertTrue(refused.errors().get(0).contains("-D stage.3."), refused.errors().get(0));
      assertTrue(Files.notExists(refused.folder()), bad);
    }
  }

  @Test
  void foldersWithAndWithoutStagesAreNotMixed() {
    program.write("plain.toml", program.input());
    String run = program.file("plain").toString();
    assertEquals(
        0,
        program.inProcess(1, "train", program.file("plain.toml").toString(), "-o", run).exitCode());
    Run refused = train(1, "plain", "--resume");
    assertEquals(2, refused.job().exitCode());
    assertTrue(refused.errors().get(0).endsWith("plain holds a run without stages"));
  }

  @Test
  void statusAndCompareKnowStages() {
    String run = done.file("run").toString();
    String status = program.inProcess(1, "status", run).output();
    assertTrue(status.contains("run/stage-3 of 3 stages"), status);
    assertTrue(status.contains("3 of 3 (100%)"), status);
    assertTrue(status.contains("VALID: stage 3 of 3"), status);
    assertEquals(2, program.inProcess(1, "compare", run, run).exitCode());
    assertEquals(0, program.inProcess(1, "compare", run + "/stage-1", run + "/stage-1").exitCode());
  }

  /** What takes a run's folder takes one in stages: its last checkpoint. */
  @Test
  void theLastCheckpointIsFound() {
    Run evaluated =
        new Run(
            program.inProcess(
                1,
                "evaluate",
                done.file("small.toml").toString(),
                "-D",
                "checkpoint.resume=" + done.file("run"),
                "-o",
                program.file("out").toString()),
            program.file("out"));
    assertTrue(valid(evaluated).job().output().contains("stage-3/checkpoints/step_3"));
  }
}
