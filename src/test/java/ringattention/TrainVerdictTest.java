package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.MpiJob;

/**
 * A training run without a result must not end VALID, and one with a result must not end INVALID.
 */
class TrainVerdictTest {
  private static final String EXPORT = "output.model=fp32";

  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void writeInput() {
    program = new Program(folder);
  }

  private Run train(int ranks, String output, String... keys) {
    String[] more = Stream.of(keys).flatMap(key -> Stream.of("-D", key)).toArray(String[]::new);
    return program.trainInProcess(ranks, output, more);
  }

  private static void assertEnds(int exitCode, String verdict, Run run) {
    assertEquals(exitCode, run.job().exitCode(), run.job().output());
    assertTrue(run.lastLine().startsWith(verdict), run.lastLine());
    assertEquals(exitCode, run.summary().get("exit_code").asInt());
  }

  private static String check(Run run, String name) {
    for (JsonNode check : run.summary().get("checks")) {
      if (check.get("name").asText().equals(name)) {
        return check.get("verdict").asText();
      }
    }
    throw new AssertionError("no check " + name + " in " + run.summary());
  }

  /** Trains a little and exports. */
  private Path model() {
    Run run = train(1, "first", "train.steps=2", EXPORT);
    assertEnds(0, "VALID", run);
    return run.folder().resolve("model");
  }

  /** A model of which one weight is that value. */
  private Path spoilt(float value) throws IOException {
    Path model = model();
    Path weights = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 4, value);
    return Files.write(weights, bytes).getParent();
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void weightThatIsNotFiniteIsNoResult(float value) throws IOException {
    Path model = spoilt(value);
    for (int ranks : List.of(1, 2)) {
      String from = "model.checkpoint=" + model;
      Run run = train(ranks, "spoilt-" + ranks, from, "train.steps=3", EXPORT);
      assertEnds(4, "INVALID: after the last step the weight of", run);
      assertFalse(Files.exists(run.folder().resolve("model")));
      assertTrue(run.summary().get("final_loss").isNull());
    }
  }

  /** The weights are as the step before left them: good, but not the result that was asked for. */
  @Test
  void skippedLastStepIsSaid() {
    String[] fault = {"fault.kind=gradient", "fault.rank=1", "fault.step=12"};
    Run run =
        train(
            2,
            "skipped",
            "train.steps=12",
            "checkpoint.atEnd=true",
            EXPORT,
            fault[0],
            fault[1],
            fault[2]);
    assertEnds(3, "INVALID: check last step is finite failed", run);
    assertFalse(Files.exists(run.folder().resolve("model")));
    assertTrue(Files.exists(run.folder().resolve("checkpoints/step_12/DONE")));
    assertEquals(
        Double.parseDouble(run.column("loss").get(10)), run.summary().get("final_loss").asDouble());
    assertEquals("PASSED", check(run, "loss falls"));
  }

  @Test
  void skippedStepsBeforeTheLastDoNotMatter() {
    String[] fault = {"fault.kind=gradient", "fault.rank=0", "fault.step=11"};
    Run run = train(1, "one", "train.steps=12", EXPORT, fault[0], fault[1], fault[2]);
    assertEnds(0, "VALID", run);
    assertTrue(Files.exists(run.folder().resolve("model/config.json")));
  }

  /** Without an update for want of a finite loss, no step has a result. */
  @Test
  void noFiniteStepIsDivergence() {
    String[] fault = {"fault.kind=gradient", "fault.rank=0", "fault.step=1"};
    Run run = train(1, "none", "train.steps=1", EXPORT, fault[0], fault[1], fault[2]);
    assertEnds(4, "INVALID: no step has a finite loss", run);
    assertFalse(Files.exists(run.folder().resolve("model")));
  }

  @Test
  void fineTuningMayKeepItsLoss() {
    Path model = model();
    Run run =
        train(
            1,
            "tuned",
            "model.checkpoint=" + model,
            "train.steps=12",
            "train.learningRate=1e-9",
            "train.minLearningRate=0");
    assertEnds(0, "VALID", run);
    assertEquals("NOT_CHECKED", check(run, "loss falls"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void flatLossesAreNoRise(int seed) {
    Run run =
        train(
            1,
            "flat",
            "train.steps=12",
            "train.learningRate=1e-9",
            "train.minLearningRate=0",
            "train.seed=" + seed);
    assertEnds(0, "VALID", run);
    assertEquals("PASSED", check(run, "loss falls"));
  }

  @Test
  void risingLossIsSeen() {
    Run run = train(1, "rising", "train.steps=12", "train.learningRate=3", "train.warmupSteps=0");
    assertEnds(3, "INVALID: check loss falls failed", run);
  }

  /** Conversations with a short answer, of which every other one asks for several sequences. */
  private String[] conversations() {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      String question = (i + " and what is then? ").repeat(i % 2 == 1 ? 1 : 12);
      lines.append(
          "{\"conversations\": [{\"from\": \"human\", \"value\": \"%s\"}, ".formatted(question)
              + "{\"from\": \"gpt\", \"value\": \"it is %d\"}]}\n".formatted(i));
    }
    Path file = program.write("asked.jsonl", lines.toString());
    return new String[] {"data.path=" + file, "data.format=conversations", "train.sequence=64"};
  }

  @Test
  void stepsWithoutLabelsHaveNoLoss() {
    String[] data = conversations();
    for (int ranks : List.of(1, 2)) {
      Run run = train(ranks, "mixed-" + ranks, data[0], data[1], data[2], "train.steps=30");
      assertEnds(0, "VALID", run);
      List<String> losses = run.column("loss");
      long empty = losses.stream().filter(String::isEmpty).count();
      assertTrue(empty > 3 && empty < 27, losses.toString());
      assertFalse(losses.contains("0.0"), losses.toString());
      assertEquals(empty, run.summary().get("steps_without_labels").asLong());
      assertEquals(0, run.summary().get("skipped_steps").asLong());
      String last =
          losses.stream().filter(loss -> !loss.isEmpty()).reduce((a, b) -> b).orElseThrow();
      assertEquals(Double.parseDouble(last), run.summary().get("final_loss").asDouble());
      assertTrue(
          run.printed().stream()
              .anyMatch(line -> line.contains("WARNING: " + empty + " of 30 steps")),
          run.job().output());
    }
  }

  /** Resumed over steps without labels, the same bits: they make no update and count for none. */
  @Test
  void stepsWithoutLabelsAreResumed() {
    String[] data = conversations();
    String[] all = {
      data[0], data[1], data[2], "checkpoint.every=7", "train.warmupSteps=1", "train.steps=21"
    };
    Run whole = train(1, "whole", all);
    all[5] = "train.steps=14";
    assertEnds(0, "VALID", train(1, "parts", all));
    all[5] = "train.steps=21";
    String[] keys = Stream.of(all).flatMap(key -> Stream.of("-D", key)).toArray(String[]::new);
    String[] more = Stream.concat(Stream.of(keys), Stream.of("--resume")).toArray(String[]::new);
    Run resumed = program.trainInProcess(1, "parts", more);
    assertEnds(0, "VALID", resumed);
    assertEquals(
        whole.summary().get("steps_without_labels"), resumed.summary().get("steps_without_labels"));
  }

  /** Documents without a text are none, and no token follows from another. */
  @Test
  void corpusWithoutLabelsIsRefused() {
    Path file = program.write("empty.jsonl", "{\"text\": \"\"}\n".repeat(300));
    String[] keys = {"data.path=" + file, "data.format=jsonl", "train.sequence=64"};
    Run run = train(2, "nothing", keys);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertTrue(run.job().output().contains("data.path = "), run.job().output());
    assertFalse(Files.exists(run.folder()));
  }

  @Test
  void gradientsWithoutLabelsAreNone() {
    Path file =
        program.write(
            "long.jsonl",
            "{\"conversations\": [{\"from\": \"human\", \"value\": \"%s\"}, {\"from\": \"gpt\", \"value\": \"yes\"}]}\n"
                .formatted("a long question ".repeat(40)));
    MpiJob.Result job =
        gradients("data.path=" + file, "data.format=conversations", "train.sequence=64");
    assertEquals(2, job.exitCode(), job.output());
    assertTrue(job.output().contains("a first batch without a label"), job.output());
  }

  @Test
  void gradientsThatAreNotFiniteAreNone() throws IOException {
    Path model = spoilt(Float.NaN);
    MpiJob.Result job = gradients("model.checkpoint=" + model);
    assertEquals(3, job.exitCode(), job.output());
    assertTrue(job.output().contains("\nINVALID: check finite failed"), job.output());
  }

  private MpiJob.Result gradients(String... keys) {
    List<String> arguments = new ArrayList<>(List.of("gradients"));
    arguments.addAll(List.of(program.file("small.toml").toString()));
    arguments.addAll(List.of("-o", folder.resolve("gradients").toString()));
    Stream.of(keys).forEach(key -> arguments.addAll(List.of("-D", key)));
    return program.inProcess(1, arguments.toArray(String[]::new));
  }
}
