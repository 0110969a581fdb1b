package ringattention.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringattention.input.InputException;
import ringattention.metrics.Hardware;

class PlanComparisonTest {
  private static Path run(Path runs, String training) throws IOException {
    Path run = Files.createDirectories(runs.resolve("run"));
    Files.writeString(
        run.resolve("used_inputs.toml"),
        """
        [model]
        hidden = 128
        layers = 2
        heads = 1

        [train]
        sequence = 1024
        steps = 1

        [device]
        precision = "bf16"
        """);
    Files.writeString(run.resolve("training.csv"), training);
    return runs;
  }

  /** A quoted cell is one cell, whatever is in it. */
  @Test
  void aQuotedCellIsReadAsWritten(@TempDir Path runs) throws IOException {
    run(runs, "model,saved,tokens,ranks,step_s\n7B,\"a, \"\"b\"\"\",512,2,0.25\n");
    List<PlanComparison.Row> rows = PlanComparison.of(Hardware.H200, runs);
    assertEquals(1, rows.size());
    assertEquals("a, \"b\"", rows.get(0).measured().get("saved"));
    assertEquals(512, rows.get(0).plan().tokens());
    assertEquals(2, rows.get(0).plan().ranks());
    assertEquals(0.25, rows.get(0).number("step_s"));
  }

  @Test
  void aTableThatIsNoneIsNamed(@TempDir Path runs) throws IOException {
    run(runs, "tokens,ranks\n\"512,2\n");
    InputException broken =
        assertThrows(InputException.class, () -> PlanComparison.of(Hardware.H200, runs));
    assertTrue(broken.getMessage().endsWith("training.csv: cannot be read"), broken.getMessage());
    run(runs, "tokens\n512\n");
    InputException missing =
        assertThrows(InputException.class, () -> PlanComparison.of(Hardware.H200, runs));
    assertTrue(missing.getMessage().endsWith("ranks = null: must be a number"));
  }
}
