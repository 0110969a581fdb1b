package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Trains, the ranks as threads; runs that several tests look at are made once. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrainTest {
  private static final int STEPS = 20;
  private static final double CURVE_TOLERANCE = 1e-5; // relative

  private final Map<Integer, Run> runs = new HashMap<>(); // by ranks
  private Program program;

  @BeforeAll
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
  }

  private Run run(int ranks) {
    return runs.computeIfAbsent(
        ranks, count -> program.trainInProcess(count, "ranks-" + count, "-D", "output.plots=true"));
  }

  static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertTrue(run.lastLine().startsWith("VALID: final loss "), run.job().output());
    return run;
  }

  /** No plot is drawn behind the step that fails: those that are there come from the way to it. */
  @Test
  void plotsAreDrawnWhileTheRunGoesOn() throws IOException {
    String[] keys = {"output.plots=true", "train.steps=120", "fault.rank=0", "fault.step=110"};
    Run run =
        program.trainInProcess(
            2,
            "drawn-early",
            Stream.of(keys).flatMap(key -> Stream.of("-D", key)).toArray(String[]::new));
    assertEquals(1, run.job().exitCode(), run.job().output());
    Path plots = run.folder().resolve("plots");
    for (String name : List.of("loss", "grad_norm", "learning_rate", "tokens_per_s")) {
      assertTrue(
          javax.imageio.ImageIO.read(plots.resolve(name + ".png").toFile()).getWidth() > 500, name);
    }
    assertFalse(Files.exists(plots.resolve("time_breakdown.png")), "drawn at the end");
  }

  /** A file in place of the folder of plots: they cannot be written, and the run is as good. */
  @Test
  void plotsThatCannotBeWrittenFailNoRun() throws IOException {
    Path folder = Files.createDirectories(program.file("no-plots"));
    Files.writeString(folder.resolve("plots"), "in the way");
    Run run =
        valid(
            program.trainInProcess(
                1, "no-plots", "-D", "output.plots=true", "-D", "train.steps=120"));
    List<String> notes =
        run.lines("run.log").stream().filter(line -> line.startsWith("WARNING: no plot")).toList();
    assertTrue(
        notes.stream().anyMatch(line -> line.startsWith("WARNING: no plot of loss, grad_norm, ")),
        notes.toString()); // what was said on the way depends on how fast the run is
  }

  @Test
  void atLevelErrorTheVerdictIsAllThatIsPrinted() {
    Run run = valid(program.trainInProcess(2, "errors", "--log-level", "error"));
    assertEquals(List.of(run.lastLine()), run.job().output().lines().toList());
    assertTrue(run.lines("run.log").size() > 30);
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 3, 4})
  void endsValidAndLeavesItsFiles(int ranks) throws IOException {
    requireItsFiles(valid(run(ranks)), ranks);
  }

  /** What a run of 20 steps with plots leaves behind, and what it holds. */
  static void requireItsFiles(Run run, int ranks) throws IOException {
    try (Stream<Path> files = Files.walk(run.folder())) {
      Set<String> names = new TreeSet<>();
      files
          .filter(Files::isRegularFile)
          .map(file -> run.folder().relativize(file).toString())
          .forEach(name -> names.add(name.replaceFirst("tfevents\\.\\d{10}\\.", "tfevents.")));
      assertEquals(
          Set.of(
              "run.log",
              "plan.txt",
              "used_inputs.toml",
              "run.jsonl",
              "steps.csv",
              "summary.json",
              "checks.csv",
              "tensorboard/events.out.tfevents.ringattention",
              "plots/loss.png",
              "plots/grad_norm.png",
              "plots/learning_rate.png",
              "plots/tokens_per_s.png",
              "plots/time_breakdown.png"),
          names);
    }
    assertEquals(run.printed(), run.lines("run.log"));
    checkPlanAndTimes(run);
    assertEquals(
        "step,loss,grad_norm,learning_rate,time_s,tokens_per_s,tokens_seen,epoch",
        run.lines("steps.csv").get(0));
    assertEquals(STEPS, run.column("loss").size());
    assertEquals(
        run.column("loss").stream().map(text -> (double) Float.parseFloat(text)).toList(),
        List.copyOf(EventRecords.curve(run.folder(), "train/loss").values()));
    checkSummary(run, ranks);
    checkEvents(run);
    for (String plot :
        List.of("loss", "grad_norm", "learning_rate", "tokens_per_s", "time_breakdown")) {
      byte[] bytes = Files.readAllBytes(run.folder().resolve("plots/" + plot + ".png"));
      byte[] signature = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
      assertArrayEquals(signature, Arrays.copyOf(bytes, signature.length), plot);
    }
  }

  /** Every buffer is in a file, the sums of both are the same, and the log has its times. */
  private static void checkPlanAndTimes(Run run) {
    List<String> plan = run.lines("plan.txt");
    List<String> sums = plan.stream().filter(line -> line.matches("(sum|total) .*")).toList();
    List<String> said =
        run.printed().stream()
            .filter(l -> l.matches("(sum|total) +(on )?[a-z]+.* [KM]?i?B"))
            .toList();
    assertEquals(shape(sums), shape(said));
    assertTrue(sums.size() >= 5 && plan.size() > 2 * sums.size(), plan.toString());
    assertTrue(run.printed().contains("all buffers: plan.txt"));
    String utc = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";
    assertTrue(run.printed().get(0).matches("started " + utc), run.printed().get(0));
    assertTrue(run.printed().stream().anyMatch(l -> l.matches("ended " + utc + " after \\d+s")));
    assertTrue(run.summary().get("ended").asText().matches(utc));
    run.events().forEach(event -> assertTrue(event.get("time").asText().endsWith("Z")));
  }

  private static List<String> shape(List<String> table) {
    return table.stream().map(line -> line.strip().replaceAll(" +", " ")).toList();
  }

  private static void checkSummary(Run run, int ranks) {
    JsonNode summary = run.summary();
    assertEquals("VALID", summary.path("verdict").asText());
    assertEquals(0, summary.path("exit_code").asInt(-1));
    assertEquals(ranks, summary.path("ranks").asInt());
    assertTrue(summary.path("tokens_per_s").asDouble() > 0, summary.toPrettyString());
    assertEquals(run.column("loss").get(STEPS - 1), summary.path("final_loss").asText());
    assertFalse(summary.path("checks").isEmpty(), summary.toPrettyString());
    for (JsonNode check : summary.path("checks")) {
      assertEquals("PASSED", check.path("verdict").asText(), check.toPrettyString());
    }
    double planned = summary.path("planned_peak_bytes").asDouble();
    double measured = summary.path("measured_peak_bytes").asDouble();
    assertEquals(1, measured / planned, 0.02, summary.toPrettyString());
  }

  private static void checkEvents(Run run) {
    List<JsonNode> events = run.events();
    List<String> names = events.stream().map(event -> event.path("event").asText()).toList();
    assertEquals("begin", names.get(0));
    assertEquals(1, names.stream().filter("start"::equals).count());
    assertTrue(names.indexOf("start") < names.indexOf("step"), names.toString());
    assertEquals("end", names.get(names.size() - 1));
    assertEquals(STEPS, names.stream().filter("step"::equals).count());
    assertEquals(
        run.summary().path("checks").size(), names.stream().filter("check"::equals).count());
    assertEquals(
        run.column("loss"),
        events.stream()
            .filter(event -> event.path("event").asText().equals("step"))
            .map(event -> event.path("loss").asText())
            .toList());
  }

  @Test
  void lossDoesNotDependOnTheNumberOfRanks() {
    for (int ranks = 2; ranks <= 4; ranks++) {
      assertSameCurve(valid(run(1)), valid(run(ranks)), "1 and " + ranks + " ranks");
    }
  }

  @Test
  void twoRingsOfTwoTrainAsOneRankDoes() {
    Run alone = valid(program.trainInProcess(1, "batch-alone", "-D", "train.batch=2"));
    Run rings =
        valid(
            program.trainInProcess(
                4, "batch-rings", "-D", "train.batch=2", "-D", "parallel.ring=2"));
    assertTrue(
        rings.job().output().contains("4 ranks = 2 data-parallel x 2 ring"), rings.job().output());
    assertSameCurve(alone, rings, "1 rank and 2 x 2 ranks");
  }

  /** Their part of the memory plan is that of the run to the byte, too: it ends VALID. */
  @ParameterizedTest
  @CsvSource({
    "2, 2, 1, 1 data-parallel x 1 ring x 2 heads",
    "4, 4, 1, 1 data-parallel x 2 ring x 2 heads",
    "4, 4, 2, 1 data-parallel x 2 ring x 2 heads",
    "4, 2, 1, 2 data-parallel x 1 ring x 2 heads"
  })
  void ranksThatExchangeHeadsTrainAsOneRankDoes(int ranks, int ring, int chunks, String axes) {
    String queryHeads = "model.heads=" + 2 * chunks;
    String[] keys = {
      "-D", "train.batch=2", "-D", queryHeads, "-D", "model.keyValueHeads=" + 2 * chunks
    };
    Run alone = valid(program.trainInProcess(1, "heads-alone-" + chunks + axes, keys));
    List<String> exchanged = new ArrayList<>(List.of(keys));
    exchanged.addAll(List.of("-D", "parallel.ring=" + ring, "-D", "parallel.heads=2"));
    exchanged.addAll(List.of("-D", "parallel.headChunks=" + chunks));
    Run heads =
        valid(
            program.trainInProcess(
                ranks, "heads-" + chunks + axes, exchanged.toArray(String[]::new)));
    String output = heads.job().output();
    assertTrue(output.contains(ranks + " ranks = " + axes), output);
    assertTrue(output.contains("heads exchange"), output);
    String plan = String.join("\n", heads.lines("plan.txt"));
    assertTrue(plan.contains("heads.messages"), plan);
    assertEquals(chunks > 1, plan.contains("chunk.1.heads.messages"), plan);
    assertSameCurve(alone, heads, "1 rank and " + axes);
  }

  /** Odd lengths, tied heads, biases and norms of heads, packed documents, every axis. */
  @ParameterizedTest
  @CsvSource({
    "2, 2, 1 data-parallel x 1 ring x 2 tensor, model.tied=true",
    "4, 4, 1 data-parallel x 2 ring x 2 tensor, train.sequence=35",
    "4, 4, 1 data-parallel x 1 ring x 4 tensor, model.queryKeyNorm=true",
    "4, 2, 2 data-parallel x 1 ring x 2 tensor, model.queryKeyValueBias=true",
    "4, 4, 1 data-parallel x 1 ring x 2 heads x 2 tensor, data.documents=false",
    "6, 6, 1 data-parallel x 3 ring x 2 tensor, memory.saved=inputs+attention+qkv+feedForward"
  })
  void ranksThatShareProductsTrainAsOneRankDoes(int ranks, int ring, String axes, String key) {
    List<String> keys = new ArrayList<>();
    for (String each : List.of("train.batch=2", "model.keyValueHeads=4", "model.heads=8", key)) {
      keys.addAll(List.of("-D", each));
    }
    Run alone =
        valid(program.trainInProcess(1, "tensor-alone-" + axes, keys.toArray(String[]::new)));
    String last = axes.substring(0, axes.lastIndexOf(' '));
    keys.addAll(List.of("-D", "parallel.ring=" + ring));
    keys.addAll(List.of("-D", "parallel.heads=" + (axes.contains("heads") ? 2 : 1)));
    keys.addAll(List.of("-D", "parallel.tensor=" + last.substring(last.lastIndexOf(' ') + 1)));
    Run tensor =
        valid(program.trainInProcess(ranks, "tensor-" + axes, keys.toArray(String[]::new)));
    String output = tensor.job().output();
    assertTrue(output.contains(ranks + " ranks = " + axes), output);
    assertTrue(output.contains("tensor exchange"), output);
    assertSameCurve(alone, tensor, "1 rank and " + axes);
    for (int step = 0; step < alone.column("grad_norm").size(); step++) {
      double norm = Double.parseDouble(alone.column("grad_norm").get(step));
      assertEquals(norm, Double.parseDouble(tensor.column("grad_norm").get(step)), 1e-4 * norm);
    }
  }

  private static void assertSameCurve(Run one, Run other, String runs) {
    List<String> expected = one.column("loss");
    List<String> losses = other.column("loss");
    assertEquals(expected.size(), losses.size());
    double worst = 0;
    for (int i = 0; i < expected.size(); i++) {
      double loss = Double.parseDouble(expected.get(i));
      worst = Math.max(worst, Math.abs(Double.parseDouble(losses.get(i)) / loss - 1));
    }
    System.out.printf("loss of %s: at most %.2e apart%n", runs, worst);
    assertTrue(worst <= CURVE_TOLERANCE, runs + " are " + worst + " apart");
  }

  @Test
  void usedInputsGiveTheSameBits() {
    Run first = valid(run(2));
    String used = first.folder().resolve("used_inputs.toml").toString();
    Path output = program.file("from-used-inputs");
    Run second =
        valid(new Run(program.inProcess(2, "train", used, "-o", output.toString()), output));
    assertSameBits(first, second);
    assertEquals(first.lines("used_inputs.toml"), second.lines("used_inputs.toml"));
  }

  static void assertSameBits(Run first, Run second) {
    assertEquals(first.column("loss"), second.column("loss"));
    assertEquals(first.column("grad_norm"), second.column("grad_norm"));
  }

  @Test
  void divergingEndsWithStepAndParameter() {
    Run run =
        program.trainInProcess(
            2, "diverging", "-D", "train.learningRate=1e30", "-D", "train.clipNorm=0");
    assertEquals(4, run.job().exitCode(), run.job().output());
    JsonNode summary = run.summary();
    assertEquals(4, summary.path("exit_code").asInt());
    assertEquals("INVALID", summary.path("verdict").asText());
    assertTrue(summary.path("final_loss").isNull(), summary.toPrettyString());
    String reason = summary.path("verdict_text").asText();
    assertTrue(
        reason.matches(
            "step 5: loss \\S+, gradient norm NaN, the first gradient that is not finite is that of"
                + " model\\.embed_tokens\\.weight, and 3 steps before it were skipped"),
        reason);
    assertTrue(run.job().output().contains("INVALID: step 5: loss"), run.job().output());
    assertEquals(List.of("1", "2", "3", "4"), run.column("step"));
  }
}
