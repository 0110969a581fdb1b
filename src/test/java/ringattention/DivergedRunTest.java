package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of a run whose numbers are none any more. */
class DivergedRunTest {
  @TempDir Path folder;

  @Test
  void itsCurvesAreDrawn() {
    Program program = new Program(folder);
    Run run =
        program.trainInProcess(
            1,
            "run",
            "-D",
            "train.learningRate=1e30",
            "-D",
            "train.maxSkippedSteps=0",
            "-D",
            "output.plots=true");
    assertEquals(4, run.job().exitCode(), run.job().output());
    assertTrue(Files.exists(run.folder().resolve("plots/loss.png")), run.job().output());
    assertTrue(Files.exists(run.folder().resolve("plots/tokens_per_s.png")));
    assertFalse(Files.exists(run.folder().resolve("plots/time_breakdown.png")));
    assertTrue(run.lastLine().startsWith("INVALID: "), run.lastLine());
  }
}
