package ringattention.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.Program;
import ringattention.Run;
import ringattention.cli.CommandLine;
import ringattention.comm.CommunicationException;
import ringattention.comm.Communicator;
import ringattention.comm.Launch;
import ringattention.comm.LocalCommunicator;
import ringattention.comm.MpiJob;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.metrics.PhaseTimer;
import ringattention.plan.TrainConfig;
import ringattention.run.GpuChoice;
import ringattention.run.Job;
import ringattention.train.Levels;
import ringattention.train.StopRequests;

/** Whole training runs on questions of three levels, through their gates. */
class CurriculumRunTest {
  private static final String INPUT =
      """
      [model]
      hidden = 16
      layers = 1
      heads = 2

      [train]
      sequence = 48
      batch = 2
      steps = 200
      learningRate = 0.02
      schedule = "constant"
      warmupSteps = 0

      [curriculum]
      gate = 0.9
      smoothing = 0.5
      leastSteps = 4

      [data]
      path = "TEXT"
      documents = true

      [device]
      kind = "cpu"
      threads = 1

      [checkpoint]
      every = 3

      [output]
      plots = false

      """;

  @TempDir Path folder;

  /** What {@code train} would do, were the questions those of its corpus. */
  private Run train(int ranks, String input, String output, String... more) throws Exception {
    Path text = Files.writeString(folder.resolve("text.txt"), "texts are not read, but looked for");
    Path file =
        Files.writeString(folder.resolve("input.toml"), input.replace("TEXT", text.toString()));
    List<String> arguments =
        new ArrayList<>(List.of("train", file.toString(), "-o", folder.resolve(output).toString()));
    for (String key : more) {
      arguments.addAll(key.startsWith("--") ? List.of(key) : List.of("-D", key));
    }
    ByteArrayOutputStream console = new ByteArrayOutputStream();
    PrintStream print = new PrintStream(console, true, UTF_8);
    int exitCode;
    try {
      exitCode = LocalCommunicator.run(ranks, world -> train(job(world, arguments, print))).get(0);
    } catch (CommunicationException failed) {
      print.println(failed.getCause().getMessage());
      exitCode = failed.getCause() instanceof InputException ? 2 : 1;
    }
    return new Run(
        new MpiJob.Result(exitCode, console.toString(UTF_8), Duration.ZERO),
        folder.resolve(output));
  }

  private static Job job(Communicator world, List<String> arguments, PrintStream print) {
    return new Job(
        CommandLine.parse(arguments.toArray(String[]::new)),
        new Launch(true, world.rank(), world.size(), false),
        new GpuChoice(-1, "ranks are threads"),
        world,
        Map.of(),
        print,
        print,
        new PhaseTimer(System::nanoTime));
  }

  private static int train(Job job) {
    List<Configuration> stages = SharedInput.stages(job, stage -> Map.of());
    return stages.get(0).source().isStage()
        ? new TrainingStages(job, stages, CurriculumRunTest::train).run()
        : train(job, stages.get(0));
  }

  private static int train(Job job, Configuration configuration) {
    Levels levels = new Levels(configuration.get(TrainConfig.SECTION).sequence(), 3);
    StopRequests stops = new StopRequests(OptionalDouble.empty(), text -> {});
    return new TrainingRun(job, configuration, stops, Optional.empty(), () -> levels).run();
  }

  private Run valid(int ranks, String output, String... more) throws Exception {
    Run run = train(ranks, INPUT, output, more);
    assertEquals(0, run.job().exitCode(), run.job().output());
    return run;
  }

  private static List<JsonNode> events(Run run, String name) {
    return run.events().stream().filter(e -> e.get("event").asText().equals(name)).toList();
  }

  private static List<String> printed(Run run, String start) {
    return run.printed().stream().filter(line -> line.startsWith(start)).toList();
  }

  /** The numbers that the steps left, and what they were of. */
  private static List<List<String>> curves(Run run) {
    return List.of(
        run.column("loss"),
        run.column("exact_rate"),
        run.column("digit_rate"),
        run.column("level"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aRunEndsWithItsLastLevel(int ranks) throws Exception {
    Path out = Files.writeString(folder.resolve("out.txt"), "7 times 8 is 56.\n".repeat(20));
    Run run =
        valid(ranks, "run", "output.model=fp32", "output.plots=true", "validation.path=" + out);
    assertTrue(Files.exists(run.folder().resolve("plots/exact_rate.png")));
    List<String> levels = run.column("level");
    int steps = levels.size();
    assertTrue(steps >= 12 && steps < 200, steps + " steps");
    assertEquals(List.of("1", "2", "3"), levels.stream().distinct().toList());
    assertEquals(
        List.of(steps),
        events(run, "validation").stream().map(e -> e.get("step").asInt()).toList());
    List<JsonNode> ends = events(run, "level");
    assertEquals(3, ends.size());
    int second = levels.indexOf("2");
    int third = levels.indexOf("3");
    assertEquals(second, ends.get(0).get("step").asInt());
    assertEquals(third, ends.get(1).get("step").asInt());
    assertEquals(steps, ends.get(2).get("step").asInt());
    assertEquals(1, printed(run, "level 2 of 3 after " + second + " steps: exact 0.9").size());
    assertEquals(1, printed(run, "level 3 of 3 after " + third + " steps: exact 0.9").size());
    assertEquals(1, printed(run, "level 3 of 3 passed after " + (steps - third)).size());
    double average = 0;
    for (int i = 0; i < steps; i++) {
      average *= i == second || i == third ? 0.5 : 1;
      average = 0.5 * average + 0.5 * Double.parseDouble(run.column("exact_rate").get(i));
      boolean ended = i + 1 == second || i + 1 == third || i + 1 == steps;
      int began = i < second ? 0 : i < third ? second : third;
      assertEquals(ended, average > 0.9 && i + 1 - began >= 4, "step " + (i + 1));
      double digits = Double.parseDouble(run.column("digit_rate").get(i));
      assertTrue(digits >= Double.parseDouble(run.column("exact_rate").get(i)) && digits <= 1);
    }
    JsonNode summary = run.summary();
    assertEquals(steps, summary.get("steps").asInt());
    assertEquals(average, summary.get("exact_rate_average").asDouble(), 1e-12);
    assertTrue(summary.get("gate_passed").asBoolean());
    assertEquals(3, summary.get("levels").asInt());
    assertEquals(run.column("exact_rate").get(steps - 1), summary.get("exact_rate").asText());
    assertEquals(
        summary.get("planned_peak_bytes").asLong(), summary.get("measured_peak_bytes").asLong());
    assertTrue(
        events(run, "check").stream()
            .anyMatch(
                c ->
                    c.get("name").asText().equals("gate passed")
                        && c.get("verdict").asText().equals("PASSED")));
    assertTrue(run.lastLine().startsWith("VALID: final loss "), run.lastLine());
    assertTrue(run.lastLine().contains(", exact rate "), run.lastLine());
    assertTrue(printed(run, "step ").get(0).contains(" | exact 0.000, digits 0."));
    assertTrue(
        printed(run, "step ").stream()
            .anyMatch(line -> line.startsWith("step  " + steps + "/200")));
    assertTrue(Files.exists(run.folder().resolve("checkpoints/step_" + steps + "/DONE")));
    assertTrue(Files.exists(run.folder().resolve("model")));
    assertEquals(1, printed(run, "curriculum: level 1 of 3; a level ends when").size());
  }

  /** In every level, at its first step and at its last, with checkpoints of other steps. */
  @Test
  void aKilledRunGoesOnToTheSameBits() throws Exception {
    Run whole = valid(2, "whole");
    List<String> levels = whole.column("level");
    int second = levels.indexOf("2");
    int third = levels.indexOf("3");
    for (int step : new int[] {2, second, second + 1, second + 3, third + 1, levels.size()}) {
      String name = "killed-" + step;
      Run killed = train(2, INPUT, name, "fault.rank=1", "fault.step=" + step);
      assertEquals(1, killed.job().exitCode());
      Run resumed = valid(2, name, "--resume");
      assertEquals(curves(whole), curves(resumed), name);
      assertEquals(
          whole.summary().get("exact_rate_average"), resumed.summary().get("exact_rate_average"));
    }
    Run again = valid(2, "whole", "--resume");
    assertEquals(curves(whole), curves(again), "nothing was left to do");
    assertTrue(again.summary().get("gate_passed").asBoolean());
  }

  @Test
  void aLimitThatComesFirstFails() throws Exception {
    Run whole = valid(1, "whole");
    int second = whole.column("level").indexOf("2");
    int most = second - 1;
    Run run = train(1, INPUT, "run", "curriculum.mostSteps=" + most, "output.model=fp32");
    assertEquals(3, run.job().exitCode(), run.job().output());
    assertEquals(most, run.column("loss").size());
    assertTrue(
        run.lastLine()
            .matches(
                "INVALID: level 1 of 3 not passed: exact 0\\.\\d+ after "
                    + most
                    + " steps at it, and curriculum\\.gate needs more than 0\\.9 within"
                    + " curriculum\\.mostSteps = "
                    + most),
        run.lastLine());
    assertEquals(3, run.summary().get("exit_code").asInt());
    assertFalse(run.summary().get("gate_passed").asBoolean());
    assertFalse(Files.exists(run.folder().resolve("model")), "of a run that did not pass");
    assertTrue(printed(run, "gate passed ").get(0).contains("FAILED"));
    Run more = train(1, INPUT, "run", "curriculum.mostSteps=150", "output.model=fp32", "--resume");
    assertEquals(0, more.job().exitCode(), more.job().output());
    assertEquals(curves(whole), curves(more));
    Run refused = train(1, INPUT, "run", "curriculum.gate=0.8", "--resume");
    assertEquals(2, refused.job().exitCode(), refused.job().output());
    assertTrue(refused.lastLine().contains("curriculum.gate = 0.8: must be 0.9 to resume"));
  }

  @Test
  void stepsThatEndFirstFailToo() throws Exception {
    Run whole = valid(1, "whole");
    int steps = whole.column("level").size();
    Run run = train(1, INPUT, "run", "train.steps=" + (steps - 1));
    assertEquals(3, run.job().exitCode(), run.job().output());
    assertTrue(run.lastLine().startsWith("INVALID: level 3 of 3 not passed: exact 0."));
    assertTrue(run.lastLine().endsWith(" within train.steps = " + (steps - 1)), run.lastLine());
    Run more = valid(1, "run", "--resume", "train.steps=" + steps);
    assertEquals(curves(whole), curves(more));
  }

  /** Counting alone: rates, and nothing else of a curriculum. */
  @Test
  void ratesNeedNoGate() throws Exception {
    String plain = INPUT.replaceAll("(?s)\\[curriculum\\].*?\\[data\\]", "[data]");
    Run run = train(1, plain, "run", "train.steps=9", "train.exactRate=true");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals(9, run.column("exact_rate").size());
    assertEquals(List.of("1"), run.column("level").stream().distinct().toList());
    assertFalse(run.summary().has("levels"));
    assertTrue(run.summary().has("digit_rate"));
    assertEquals(0, printed(run, "curriculum").size());
    Run off = train(1, plain, "off", "train.steps=9");
    assertEquals(run.column("loss"), off.column("loss"));
    assertFalse(off.lines("steps.csv").get(0).contains("exact_rate"));
    assertFalse(off.summary().has("digit_rate"));
    assertFalse(off.job().output().contains("exact"), off.job().output());
    assertTrue(
        off.summary().get("planned_peak_bytes").asLong()
            < run.summary().get("planned_peak_bytes").asLong());
  }

  /** Each begins at its first level, and one that its gate ended is done. */
  @Test
  void stagesHaveGatesOfTheirOwn() throws Exception {
    String stages =
        INPUT + "[[stage]]\nsequence = 24\n\n[[stage]]\nsequence = 48\ncurriculum.gate = 0.8\n";
    Run run = train(1, stages, "run");
    assertEquals(0, run.job().exitCode(), run.job().output());
    List<List<String>> whole = new ArrayList<>();
    for (int stage = 1; stage <= 2; stage++) {
      Run one = new Run(run.job(), run.folder().resolve("stage-" + stage));
      assertEquals(List.of("1", "2", "3"), one.column("level").stream().distinct().toList());
      assertTrue(one.column("level").size() < 200);
      whole.add(one.column("loss"));
    }
    assertNotEquals(whole.get(0), whole.get(1));
    Run again = train(1, stages, "run", "--resume");
    assertEquals(0, again.job().exitCode(), again.job().output());
    assertEquals(2, printed(again, "done before: VALID: final loss").size());
    String fault = "stage.2.fault.step=5";
    assertEquals(1, train(1, stages, "killed", "fault.rank=0", fault).job().exitCode());
    Run resumed = train(1, stages, "killed", "--resume");
    assertEquals(0, resumed.job().exitCode(), resumed.job().output());
    assertEquals(1, printed(resumed, "done before: VALID: final loss").size());
    Run second = new Run(resumed.job(), resumed.folder().resolve("stage-2"));
    assertEquals(whole.get(1), second.column("loss"));
  }

  /** A corpus of texts asks nothing: one line, and nothing is written. */
  @ParameterizedTest
  @ValueSource(strings = {"curriculum.gate=0.5", "train.exactRate=true"})
  void textsHaveNoQuestions(String key) {
    Run run = new Program(folder).trainInProcess(2, "text", "-D", key);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(
        1,
        run.printed().stream()
            .filter(line -> line.startsWith("ringattention: -D " + key.replace("=", " = ")))
            .filter(line -> line.endsWith("the corpus of [data] has no questions to answer"))
            .count(),
        run.job().output());
    assertFalse(Files.exists(run.folder()));
  }
}
