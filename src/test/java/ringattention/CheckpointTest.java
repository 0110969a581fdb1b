package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Saves and resumes, the ranks as threads. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CheckpointTest {
  private static final int STEPS = 20;
  private static final double CURVE_TOLERANCE = 1e-5; // relative

  private Program program;
  private Run whole; // 20 steps of 2 ranks; keeps those of steps 10, 15 and 20

  @BeforeAll
  void trainWhole(@TempDir Path folder) {
    program = new Program(folder);
    whole = valid(train(2, "whole", set("every=5"), set("keep=3")));
  }

  /**
   * Trains into a new folder of that name.
   *
   * @param more keys and values, and options
   */
  private Run train(int ranks, String output, String... more) {
    return program.trainInProcess(
        ranks,
        output,
        Stream.of(more)
            .flatMap(each -> each.startsWith("--") ? Stream.of(each) : Stream.of("-D", each))
            .toArray(String[]::new));
  }

  private static String set(String key) {
    return "checkpoint." + key;
  }

  private static String resume(Path from) {
    return set("resume=" + from);
  }

  private static Run valid(Run run) {
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertTrue(run.lastLine().startsWith("VALID: final loss "), run.job().output());
    return run;
  }

  private Path step(int step) {
    return whole.folder().resolve("checkpoints/step_" + step);
  }

  /** A run's folder with copies of some of its checkpoints. */
  private Path copy(String name, int... steps) throws IOException {
    Path run = program.file(name);
    for (int step : steps) {
      Path to = Files.createDirectories(run.resolve("checkpoints/step_" + step));
      try (Stream<Path> files = Files.list(step(step))) {
        for (Path file : files.toList()) {
          Files.copy(file, to.resolve(file.getFileName()));
        }
      }
    }
    return run;
  }

  private static void flipByte(Path path, long at) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(at);
      int old = file.read();
      file.seek(at);
      file.write(old ^ 1);
    }
  }

  @Test
  void saysWhatItWrote() throws IOException {
    try (Stream<Path> folders = Files.list(whole.folder().resolve("checkpoints"))) {
      assertEquals(
          Set.of("step_10", "step_15", "step_20"),
          folders.map(path -> path.getFileName().toString()).collect(Collectors.toSet()));
    }
    List<JsonNode> events =
        whole.events().stream()
            .filter(event -> event.path("event").asText().equals("checkpoint"))
            .toList();
    assertEquals(
        List.of(5, 10, 15, 20), events.stream().map(event -> event.path("step").asInt()).toList());
    for (JsonNode event : events) {
      assertTrue(event.path("size_bytes").asLong() > 100_000, event.toString());
      assertTrue(event.path("stall_s").asDouble() > 0, event.toString());
      assertTrue(event.path("write_s").asDouble() > 0, event.toString());
    }
    assertEquals(4, whole.summary().path("checkpoints").asInt());
    assertEquals(20, whole.summary().path("checkpoint_step").asInt());
    assertTrue(
        whole.job().output().matches("(?s).*checkpoint of step 15: \\S+ KiB, stalled .*"),
        whole.job().output());
  }

  /** A rank fails; what follows from the checkpoint is what would have been, to the bit. */
  @Test
  void resumesWhereAKilledRunWas() throws IOException {
    Run killed = train(2, "killed", set("every=5"), "fault.rank=1", "fault.step=17");
    assertEquals(1, killed.job().exitCode(), killed.job().output());
    Run resumed = valid(train(2, "resumed", resume(killed.folder()), set("atEnd=true")));
    int first = Integer.parseInt(resumed.column("step").get(0));
    assertTrue(first == 11 || first == 16, "resumed with step " + first);
    for (String column : List.of("step", "loss", "grad_norm", "learning_rate")) {
      assertEquals(whole.column(column).subList(first - 1, STEPS), resumed.column(column), column);
    }
    assertEquals(first - 1, resumed.summary().path("resumed_step").asInt());
    assertFalse(resumed.job().output().contains("changed since"), resumed.job().output());
    for (String file : List.of("rank_0.bin", "rank_1.bin")) {
      assertArrayEquals(
          Files.readAllBytes(step(20).resolve(file)),
          Files.readAllBytes(resumed.folder().resolve("checkpoints/step_20").resolve(file)),
          file);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void resumesOnAnotherNumberOfRanks(int ranks) {
    Run resumed = valid(train(ranks, "on-" + ranks, resume(step(10))));
    assertEquals(whole.column("step").subList(10, STEPS), resumed.column("step"));
    List<String> losses = resumed.column("loss");
    double worst = 0;
    for (int i = 0; i < losses.size(); i++) {
      double expected = Double.parseDouble(whole.column("loss").get(10 + i));
      worst = Math.max(worst, Math.abs(Double.parseDouble(losses.get(i)) / expected - 1));
    }
    System.out.printf("resumed on %d ranks: losses at most %.2e apart%n", ranks, worst);
    assertTrue(worst <= CURVE_TOLERANCE, ranks + " ranks are " + worst + " apart");
    assertTrue(
        resumed.job().output().contains("changed since: ranks 2 -> " + ranks),
        resumed.job().output());
  }

  @Test
  void mayChangeHowItLearns() {
    Run resumed =
        valid(train(2, "changed", resume(step(15)), "train.steps=22", "train.learningRate=1e-3"));
    assertEquals(7, resumed.column("step").size());
    String output = resumed.job().output().replaceAll("\\s+", " ");
    assertTrue(
        output.contains("changed since: train.steps 20 -> 22, train.learningRate 3e-4 -> 0.001"),
        output);
  }

  @Test
  void refusesADamagedOneAndTakesTheOneBeforeWhenAsked() throws IOException {
    Path run = copy("damaged", 10, 15);
    Path file = run.resolve("checkpoints/step_15/rank_1.bin");
    flipByte(file, Files.size(file) - 3);
    String error = refused(2, resume(run));
    assertTrue(error.startsWith("ringattention: -D checkpoint.resume = "), error);
    assertTrue(error.contains(file + ": corrupted: "), error);

    Run resumed = valid(train(2, "fallback", resume(run), set("fallback=true")));
    String output = resumed.job().output().replaceAll("\\s+", " ");
    assertTrue(output.contains("WARNING: checkpoint passed over: " + file), output);
    assertEquals(whole.column("loss").subList(10, STEPS), resumed.column("loss"));
  }

  @ParameterizedTest
  @CsvSource({
    "model.hidden=64, model.hidden = 64: must be 32",
    "model.layers=3, model.layers = 3: must be 2",
    "model.tied=true, model.tied = true: must be false",
    "train.steps=15, train.steps = 15: must be above 15",
  })
  void refusesWhatDoesNotFit(String key, String expected) {
    String error = refused(2, resume(step(15)), key);
    assertTrue(error.contains("-D " + expected + ","), error);
    assertTrue(error.contains("in checkpoint " + step(15)), error);
  }

  @Test
  void refusesToTraceAStepThatWasDone() {
    String error = refused(1, resume(step(15)), "--trace=15");
    assertTrue(error.contains("--trace=15: must be above 15"), error);
  }

  /** The one line the program says before anything is written. */
  private String refused(int ranks, String... more) {
    Run run = train(ranks, "refused", more);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertEquals(1, run.errors().size(), run.job().output());
    assertFalse(Files.exists(run.folder()), "left " + run.folder());
    return run.errors().get(0);
  }

  /** What cannot be written ends the run with one line, on every rank. */
  @Test
  void endsWhereACheckpointCannotBeWritten() throws IOException {
    Path folder = Files.createDirectory(program.file("blocked"));
    Files.writeString(folder.resolve("checkpoints"), "a file");
    Run run = train(2, "blocked", set("every=5"));
    assertEquals(1, run.job().exitCode(), run.job().output());
    String verdict = run.summary().path("verdict_text").asText();
    assertTrue(verdict.startsWith("cannot write " + folder.resolve("checkpoints/step_5")), verdict);
    List<String> said = new ArrayList<>(run.printed());
    said.removeIf(line -> !line.startsWith("INVALID: cannot write "));
    assertEquals(1, said.size(), run.job().output());
    assertTrue(Arrays.asList(5, 6, 7, 8, 9, 10).contains(run.column("step").size()));
  }
}
