package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunFolderTest {
  private static final Instant START = Instant.parse("2024-02-03T04:05:06.789Z");

  @TempDir Path temporary;

  @Test
  void nameIsInputAndJobOrTime() {
    assertEquals("tutorial-4711", RunFolder.name("inputs/tutorial.toml", "4711", START));
    assertEquals("tutorial-20240203T040506Z", RunFolder.name("inputs/tutorial.toml", null, START));
    assertEquals("llama.7b-1", RunFolder.name("llama.7b.toml", "1", START));
    assertEquals("noextension-1", RunFolder.name("/x/noextension", "1", START));
  }

  @Test
  void refusesAFileInThePlaceOfTheFolderOrOneAbove() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    OutputException itself = assertThrows(OutputException.class, () -> RunFolder.create(file));
    assertEquals(
        "output folder " + file + " cannot be written: " + file + " is a file",
        itself.getMessage());
    Path below = file.resolve("run");
    OutputException above = assertThrows(OutputException.class, () -> RunFolder.create(below));
    assertEquals(
        "output folder " + below + " cannot be written: Not a directory", above.getMessage());
  }

  @Test
  void refusesAFolderTheSystemDoesNotLetWrite() {
    Path folder = Path.of("/proc/ringattention");
    OutputException error = assertThrows(OutputException.class, () -> RunFolder.create(folder));
    assertEquals(
        "output folder /proc/ringattention cannot be written: no such file or folder",
        error.getMessage());
  }

  @Test
  void refusesAFolderOfAnotherRunAndLeavesItAlone() throws IOException {
    Files.writeString(temporary.resolve("run.log"), "precious");
    OutputException error = assertThrows(OutputException.class, () -> RunFolder.create(temporary));
    assertEquals(
        "output folder "
            + temporary
            + " cannot be written: it holds the run.log of another run; give another folder with -o,"
            + " continue that run with --resume, or remove the folder",
        error.getMessage());
    assertEquals(List.of("run.log"), files());
    assertEquals("precious", Files.readString(temporary.resolve("run.log")));
  }

  private void writeFailedStart() throws IOException {
    Files.writeString(temporary.resolve("run.log"), "program\n");
    Files.writeString(temporary.resolve("run.jsonl"), "{\"event\":\"start\",\"ranks\":1}\n");
    Files.writeString(temporary.resolve("used_inputs.toml"), "");
    Files.writeString(temporary.resolve("plan.txt"), "");
    Files.writeString(temporary.resolve("steps.csv"), "step,loss\n");
    Files.writeString(temporary.resolve("run.lock"), "pid 1 on another");
    Files.writeString(
        Files.createDirectories(temporary.resolve("tensorboard")).resolve("events"), "x");
  }

  @Test
  void theFolderOfARunThatEndedBeforeItsFirstStepIsUsedAgain() throws IOException {
    writeFailedStart();
    try (RunFolder folder = RunFolder.create(temporary)) {
      assertEquals(List.of("run.lock"), files());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "steps.csv, 'step,loss\n1,2\n'",
    "run.jsonl, '{\"event\":\"step\",\"step\":1}\n'",
    "summary.json, {}",
    "checkpoints, ''",
    "notes.txt, mine",
  })
  void theFolderOfARunThatCameFurtherIsLeftAlone(String name, String text) throws IOException {
    writeFailedStart();
    if (text.isEmpty()) {
      Files.createDirectory(temporary.resolve(name));
    } else {
      Files.writeString(temporary.resolve(name), text.replace("\\n", "\n"));
    }
    List<String> before = new ArrayList<>(files());
    assertThrows(OutputException.class, () -> RunFolder.create(temporary));
    before.remove("run.lock");
    assertEquals(before, files());
  }

  /** Files of others with such names are theirs. */
  @Test
  void aFolderWithoutALogIsNotEmptied() throws IOException {
    Files.writeString(temporary.resolve("plan.txt"), "mine");
    try (RunFolder folder = RunFolder.create(temporary)) {
      folder.append("run.log").line("program");
      folder.discard();
    }
    assertEquals(List.of("plan.txt"), files());
  }

  @Test
  void aRefusedRunTakesItsFolderAway() {
    Path path = temporary.resolve("new");
    try (RunFolder folder = RunFolder.create(path)) {
      folder.append("run.log").line("program");
      folder.append("run.jsonl").line("{}");
      folder.write("used_inputs.toml", "");
      folder.discard();
      assertFalse(Files.exists(path));
    }
  }

  @Test
  void anEmptyFolderStaysEmptyUntilSomethingIsWritten() throws IOException {
    try (RunFolder folder = RunFolder.create(temporary)) {
      assertEquals(List.of("run.lock"), files());
    }
    assertEquals(List.of(), files());
  }

  @Test
  void aFolderIsOneRunsAtATime() throws IOException {
    Path lock = temporary.resolve("run.lock");
    Files.writeString(lock, "pid 1 on another"); // of a run that was killed
    try (RunFolder folder = RunFolder.create(temporary)) {
      OutputException error = assertThrows(OutputException.class, () -> RunLock.take(temporary));
      String self = "pid " + ProcessHandle.current().pid() + " on ";
      assertEquals(
          "output folder " + temporary + " is in use by another run, " + self,
          error.getMessage().substring(0, error.getMessage().indexOf(" on ") + 4));
      assertTrue(RunLock.isAlive(Files.readString(lock).strip()));
    }
    RunLock.take(temporary).close();
    assertFalse(RunLock.isAlive("pid 1 on another"));
    assertFalse(RunLock.isAlive(""));
  }

  /** Steps after the checkpoint come again; a last line may be torn. */
  @Test
  void resumingCutsWhatComesAgain() throws IOException {
    write("steps.csv", "step,loss", "8,2.5", "9,2.4", "10,2.3", "11,2");
    write(
        "run.jsonl",
        "{\"event\":\"start\",\"ranks\":2}",
        "{\"event\":\"step\",\"step\":9,\"loss\":2.4}",
        "{\"event\":\"checkpoint\",\"step\":9}",
        "{\"event\":\"step\",\"step\":10,\"loss\":2.3}",
        "{\"event\":\"end\",\"exit_code\":75}",
        "{\"event\":\"sta");
    write(
        "run.log",
        "started in 1.0 s",
        "step  9/100 | loss",
        "step 10/100 | loss",
        "step 10 skipped, as",
        "at 2026-11-28T15:01:37Z after step 9",
        "at 2026-11-28T15:11:37Z after step 10",
        "checkpoint of step 9",
        "step 1");
    Files.writeString(temporary.resolve("summary.json"), "{\"exit_code\" : 75}");
    try (RunFolder folder = RunFolder.resume(temporary, RunLock.take(temporary), 9)) {
      assertEquals(List.of("step,loss", "8,2.5", "9,2.4"), folder.before("steps.csv"));
      folder.append("steps.csv", "step,loss").line("10,2.3");
      OutputException error =
          assertThrows(OutputException.class, () -> folder.append("steps.csv", "step,mfu"));
      assertTrue(error.getMessage().endsWith(" has other columns than this run: step,loss"));
      assertEquals(List.of(), folder.before("none.csv"));
    }
    assertEquals(
        List.of("step,loss", "8,2.5", "9,2.4", "10,2.3"),
        Files.readAllLines(temporary.resolve("steps.csv")));
    assertEquals(
        List.of(
            "{\"event\":\"start\",\"ranks\":2}",
            "{\"event\":\"step\",\"step\":9,\"loss\":2.4}",
            "{\"event\":\"checkpoint\",\"step\":9}",
            "{\"event\":\"end\",\"exit_code\":75}"),
        Files.readAllLines(temporary.resolve("run.jsonl")));
    assertEquals(
        List.of(
            "started in 1.0 s",
            "step  9/100 | loss",
            "at 2026-11-28T15:01:37Z after step 9",
            "checkpoint of step 9"),
        Files.readAllLines(temporary.resolve("run.log")));
    assertEquals(List.of("run.jsonl", "run.log", "steps.csv"), files());
  }

  /** A table of a version with fewer columns goes on; lines it had have nothing in the others. */
  @Test
  void tablesGetTheColumnsOfThisVersion() throws IOException {
    write("steps.csv", "step,loss", "8,2.5", "9,2.4", "10");
    try (RunFolder folder = RunFolder.resume(temporary, RunLock.take(temporary), 9)) {
      for (String other : List.of("step,losses", "loss,step,mfu")) {
        assertThrows(OutputException.class, () -> folder.append("steps.csv", other));
      }
      folder.append("steps.csv", "step,loss,tokens_seen,epoch").line("10,2.3,640,1.5");
    }
    assertEquals(
        List.of("step,loss,tokens_seen,epoch", "8,2.5,,", "9,2.4,,", "10,2.3,640,1.5"),
        Files.readAllLines(temporary.resolve("steps.csv")));
  }

  @Test
  void aRunIsFinishedIfItsSummarySaysSo() throws IOException {
    assertFalse(RunFolder.isFinished(temporary));
    Files.writeString(temporary.resolve("summary.json"), "{\"exit_code\" : 3}");
    assertTrue(RunFolder.isFinished(temporary));
    Files.writeString(temporary.resolve("summary.json"), "{\"exit_code\" : 75}");
    assertFalse(RunFolder.isFinished(temporary));
  }

  /** The last line without its end. */
  private void write(String file, String... lines) throws IOException {
    Files.writeString(temporary.resolve(file), String.join("\n", lines));
  }

  @Test
  void wholeFilesReplaceOlderOnesAndLeaveNothingBeside() throws IOException {
    try (RunFolder folder = RunFolder.create(temporary.resolve("a/b"))) {
      folder.write("summary.json", "old and longer");
      folder.write("summary.json", "new");
      folder.write("plots/loss.png", new byte[] {1, 2});
      assertEquals("new", Files.readString(folder.path().resolve("summary.json")));
      assertArrayEquals(
          new byte[] {1, 2}, Files.readAllBytes(folder.path().resolve("plots/loss.png")));
    }
    assertEquals(
        List.of("a", "a/b", "a/b/plots", "a/b/plots/loss.png", "a/b/summary.json"), files());
  }

  @Test
  void aFileThatCannotBeWrittenWholeIsNotThere() throws IOException {
    try (RunFolder folder = RunFolder.create(temporary)) {
      Files.createDirectory(temporary.resolve("summary.json.part")); // stands in the way
      OutputException error =
          assertThrows(OutputException.class, () -> folder.write("summary.json", "x"));
      assertEquals(
          "cannot write " + temporary.resolve("summary.json") + ": Is a directory",
          error.getMessage());
    }
    assertFalse(Files.exists(temporary.resolve("summary.json")));
  }

  /** What is left of it would take the last of a full disk, and then the log has no room. */
  @Test
  void aFileThatCannotBeWrittenLeavesNoPart() throws IOException {
    try (RunFolder folder = RunFolder.create(temporary)) {
      Files.createDirectories(temporary.resolve("plots/loss.png/x")); // cannot be replaced
      assertThrows(OutputException.class, () -> folder.write("plots/loss.png", new byte[9]));
    }
    assertEquals(List.of("plots", "plots/loss.png", "plots/loss.png/x"), files());
  }

  @Test
  void aRefusedRunTakesItsOwnFolderAway() {
    Path path = temporary.resolve("outputs/named");
    RunFolder own = RunFolder.createNew(path);
    own.write("used_inputs.toml", "x = 1\n");
    own.discard();
    assertFalse(Files.exists(path));
    assertTrue(Files.exists(temporary.resolve("outputs")));
  }

  @Test
  void runsThatBeginInTheSameSecondHaveFoldersOfTheirOwn() throws Exception {
    Path path = temporary.resolve("outputs/tutorial-20240203T040506Z");
    List<Path> made =
        IntStream.range(0, 8)
            .parallel()
            .mapToObj(
                i -> {
                  try (RunFolder folder = RunFolder.createNew(path)) {
                    folder.append("run.log").line("run " + i);
                    return folder.path();
                  }
                })
            .toList();
    assertEquals(8, Set.copyOf(made).size(), made.toString());
    assertTrue(made.contains(path) && made.contains(Path.of(path + "-8")), made.toString());
    Path file = Files.createFile(temporary.resolve("file"));
    assertEquals(
        "cannot write " + file + ": " + file + " is a file",
        assertThrows(OutputException.class, () -> RunFolder.createNew(file)).getMessage());
  }

  @Test
  void linesAreOnDiskAtOnce() throws IOException {
    try (RunFolder folder = RunFolder.create(temporary)) {
      LineFile file = folder.append("run.jsonl");
      file.line("one");
      assertEquals("one\n", Files.readString(temporary.resolve("run.jsonl")));
      file.line("two");
      assertEquals("one\ntwo\n", Files.readString(temporary.resolve("run.jsonl")));
    }
  }

  @Test
  void aLineThatCannotBeWrittenNamesTheFile() {
    RunFolder folder = RunFolder.create(temporary);
    LineFile file = folder.append("steps.csv");
    folder.close();
    OutputException error = assertThrows(OutputException.class, () -> file.line("late"));
    assertEquals(
        "cannot write " + temporary.resolve("steps.csv") + ": Stream closed", error.getMessage());
  }

  private List<String> files() throws IOException {
    try (Stream<Path> tree = Files.walk(temporary)) {
      return tree.skip(1).map(path -> temporary.relativize(path).toString()).sorted().toList();
    }
  }
}
