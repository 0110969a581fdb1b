package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a training run has written by its first step, and what stays of one that did not get there.
 */
class TrainingStartTest {
  @TempDir Path folder;
  private Program program;

  @BeforeEach
  void program() {
    program = new Program(folder);
  }

  private static List<String> events(Run run) {
    return run.events().stream().map(event -> event.path("event").asText()).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void theHeaderComesBeforeTheCorpusIsRead(int ranks) throws IOException {
    Run run = program.trainInProcess(ranks, "run", "-D", "train.steps=1");
    assertEquals(0, run.job().exitCode(), run.job().output());
    List<String> lines = Files.readAllLines(run.folder().resolve("run.log"));
    assertTrue(lines.get(0).startsWith("started "), lines.get(0));
    assertTrue(lines.get(1).startsWith("program"), lines.get(1));
    assertEquals(1, lines.stream().filter(line -> line.startsWith("program ")).count());
    assertEquals(1, lines.stream().filter(line -> line.startsWith("decomposition ")).count());
    List<String> phases =
        run.events().stream()
            .filter(event -> event.path("event").asText().equals("phase"))
            .map(event -> event.path("phase").asText())
            .toList();
    assertEquals(
        List.of(
            "reading the corpus and what the run starts with",
            "opening the devices",
            "planning the memory",
            "setting the weights",
            "the first step"),
        phases);
    JsonNode begin = run.events().get(0);
    assertEquals("begin", begin.path("event").asText());
    assertTrue(begin.path("command").asText().startsWith("ringattention train "), begin.toString());
    assertEquals(ranks, begin.path("hosts").size());
    assertFalse(begin.has("devices"), begin.toString());
  }

  /** A corpus that is found to be no good when it is read leaves nothing, and loses nothing. */
  @Test
  void aRefusedRunLeavesNothing() throws IOException {
    program.write("bad.jsonl", "{\"text\": 1}\n");
    String[] bad = {"-D", "data.path=" + program.file("bad.jsonl"), "-D", "data.format=jsonl"};
    Run refused = program.trainInProcess(2, "run", bad);
    assertEquals(2, refused.job().exitCode(), refused.job().output());
    assertTrue(refused.job().output().contains("program "), refused.job().output());
    assertFalse(Files.exists(refused.folder()));
    Files.createDirectory(refused.folder());
    Files.writeString(refused.folder().resolve("mine"), "x");
    program.trainInProcess(1, "run", bad);
    try (var left = Files.list(refused.folder())) {
      assertEquals(List.of(refused.folder().resolve("mine")), left.toList());
    }
  }

  /** A run that goes on and is refused changes nothing; one that is not has both parts' lines. */
  @Test
  void aFolderThatIsGoneOnWithIsChangedOnlyByARunThatSuitsIt() throws IOException {
    Run first =
        program.trainInProcess(1, "run", "-D", "train.steps=2", "-D", "checkpoint.atEnd=true");
    assertEquals(0, first.job().exitCode(), first.job().output());
    String log = Files.readString(first.folder().resolve("run.log"));
    String events = Files.readString(first.folder().resolve("run.jsonl"));
    String[] longer = {"-D", "train.steps=4", "-D", "checkpoint.atEnd=true", "--resume"};
    program.write("text.txt", "another text ".repeat(1000));
    Run refused = program.trainInProcess(1, "run", longer);
    assertEquals(2, refused.job().exitCode(), refused.job().output());
    assertEquals(log, Files.readString(first.folder().resolve("run.log")));
    assertEquals(events, Files.readString(first.folder().resolve("run.jsonl")));
    assertFalse(Files.exists(first.folder().resolve("run.lock")));
    new Program(folder);
    Run second = program.trainInProcess(2, "run", longer);
    assertEquals(0, second.job().exitCode(), second.job().output());
    String both = Files.readString(first.folder().resolve("run.log"));
    assertEquals(2, both.lines().filter(line -> line.startsWith("program ")).count(), both);
    assertEquals(2, both.lines().filter(line -> line.startsWith("started 2")).count(), both);
    List<String> names = events(second);
    assertEquals(2, names.stream().filter("begin"::equals).count(), names.toString());
    assertEquals(2, names.stream().filter("start"::equals).count(), names.toString());
    assertEquals(4, names.stream().filter("step"::equals).count(), names.toString());
    assertTrue(names.lastIndexOf("begin") > names.indexOf("end"), names.toString());
  }

  /** Nothing is lost with it, so a run with other inputs need not be given another folder. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void otherInputsBeginAfreshWhereARunFailedBeforeItsFirstStep(int ranks) throws IOException {
    String[] fails = {"-D", "fault.kind=exception", "-D", "fault.step=1", "-D", "fault.rank=0"};
    Run failed = program.trainInProcess(ranks, "run", fails);
    assertEquals(1, failed.job().exitCode(), failed.job().output());
    String[] other = {"-D", "train.steps=1", "-D", "train.seed=5", "--resume"};
    Run planned =
        program.trainInProcess(ranks, "run", "-D", "train.seed=5", "--resume", "--dry-run");
    assertEquals(0, planned.job().exitCode(), planned.job().output());
    Run next = program.trainInProcess(ranks, "run", other);
    assertEquals(0, next.job().exitCode(), next.job().output());
    assertEquals(1, events(next).stream().filter("begin"::equals).count());
    assertEquals(1, events(next).stream().filter("step"::equals).count());
    Run third = program.trainInProcess(ranks, "run", "-D", "train.seed=6", "--resume");
    assertEquals(2, third.job().exitCode(), "steps of another run were gone on with");
    assertTrue(third.job().output().contains("train.seed = 6: must be 5"), third.job().output());
  }

  /** A run that is put into the queue again goes on with the log of its first attempt. */
  @Test
  void theSameInputsGoOnWhereTheRunFailedBeforeItsFirstStep() {
    String[] fails = {"-D", "fault.kind=exception", "-D", "fault.step=1", "-D", "fault.rank=0"};
    program.trainInProcess(1, "run", fails);
    String[] again = Arrays.copyOf(fails, fails.length + 1);
    again[fails.length] = "--resume";
    Run next = program.trainInProcess(1, "run", again);
    assertEquals(1, next.job().exitCode(), next.job().output());
    assertEquals(2, events(next).stream().filter("begin"::equals).count());
  }

  /** What fails in its first step leaves a log; the next run takes its folder. */
  @Test
  void theFolderOfARunThatFailedBeforeItsFirstStepIsUsedAgain() throws IOException {
    Run failed =
        program.trainInProcess(
            1, "run", "-D", "fault.kind=exception", "-D", "fault.step=1", "-D", "fault.rank=0");
    assertEquals(1, failed.job().exitCode(), failed.job().output());
    assertTrue(Files.exists(failed.folder().resolve("run.log")), "left no log");
    Run next = program.trainInProcess(1, "run", "-D", "train.steps=1");
    assertEquals(0, next.job().exitCode(), next.job().output());
    assertEquals(1, events(next).stream().filter("begin"::equals).count());
    Run third = program.trainInProcess(1, "run", "-D", "train.steps=1");
    assertEquals(2, third.job().exitCode(), third.job().output());
    assertTrue(
        third.job().output().contains("continue that run with --resume"), third.job().output());
  }
}
