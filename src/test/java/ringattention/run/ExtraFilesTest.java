package ringattention.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.report.OutputException;
import ringattention.report.RunFolder;
import ringattention.report.StepRecord;

class ExtraFilesTest {
  private static final StepRecord STEP = new StepRecord(1, 2, 3, 4, 5, 6, Optional.empty());

  @TempDir Path path;
  private final List<String> said = new ArrayList<>();

  /** A log is a result as long as there is none. */
  @Test
  void linesMayEndOnceTheResultIsWritten() throws IOException {
    Files.createSymbolicLink(path.resolve("full.log"), Path.of("/dev/full"));
    try (RunFolder folder = RunFolder.create(path)) {
      ExtraFiles extra = new ExtraFiles(Optional.of(folder));
      Consumer<String> lines = extra.lines(folder.append("full.log")::line, said::add);
      assertThrows(OutputException.class, () -> lines.accept("before"));
      extra.finish(said::add);
      assertEquals(List.of(), said);
      lines.accept("behind");
      lines.accept("behind that");
      assertEquals(
          List.of(
              "WARNING: cannot write " + path.resolve("full.log") + ": No space left on device"),
          said);
    } // closing it says nothing again
  }

  /** A plot that was drawn before would take the room of the result. */
  @Test
  void plotsWaitForTheResult() {
    try (RunFolder folder = RunFolder.create(path)) {
      ExtraFiles extra = new ExtraFiles(Optional.of(folder));
      extra.plot("a", () -> new byte[] {1});
      assertTrue(Files.notExists(path.resolve("plots")));
      extra.finish(said::add);
      assertTrue(Files.exists(path.resolve("plots/a.png")));
      assertEquals(List.of(), said);
    }
  }

  @Test
  void curvesThatCannotBeWrittenEndInOneLine() throws IOException {
    Files.writeString(path.resolve("tensorboard"), "in the way");
    try (RunFolder folder = RunFolder.create(path)) {
      ExtraFiles extra = new ExtraFiles(Optional.of(folder));
      ObjLongConsumer<StepRecord> curves = extra.curves(0, said::add);
      curves.accept(STEP, 1);
      curves.accept(STEP, 1);
      extra.finish(said::add);
    }
    assertEquals(1, said.size(), said.toString());
    assertTrue(said.get(0).startsWith("WARNING: cannot write " + path.resolve("tensorboard")));
  }
}
