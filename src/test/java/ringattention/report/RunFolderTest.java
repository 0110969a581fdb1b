package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        "output folder " + temporary + " cannot be written: it holds the run.log of another run",
        error.getMessage());
    assertEquals(List.of("run.log"), files());
    assertEquals("precious", Files.readString(temporary.resolve("run.log")));
  }

  @Test
  void anEmptyFolderStaysEmptyUntilSomethingIsWritten() throws IOException {
    RunFolder.create(temporary);
    assertEquals(List.of(), files());
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
