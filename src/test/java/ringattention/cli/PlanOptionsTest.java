package ringattention.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.PlanComparison;
import ringattention.input.InputException;
import ringattention.metrics.Hardware;

/** What is wrong is said in one line that names the option. */
class PlanOptionsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plan x.toml --hardware=h300 | --hardware=h300: must be one of a100-nvlink, ",
        "plan x.toml --hardware h200 --ranks=0 | --ranks=0: must be 1 to 10000",
        "plan x.toml --hardware h200 --ranks=10001 | --ranks=10001: must be 1 to 10000",
        "plan x.toml --hardware h200 --ranks=two | --ranks=two: must be 1 to 10000",
        "plan x.toml --ranks=2 | --ranks needs --hardware",
        "plan --compare=. | --compare needs --hardware",
        "plan --paper --hardware h200 | --paper has hardware and runs of its own",
        "plan --hardware h200 --compare=. --ranks=2 | --ranks: recorded runs have their own",
        "plan x.toml --paper | --paper and --compare have runs of their own",
        "plan --paper -D model.layers=2 | --paper and --compare have runs of their own",
        "plan --hardware h200 --compare=. --memory-cap 1GiB | --paper and --compare have runs",
        "plan --hardware h200 | plan needs an input file",
        "train x.toml --hardware h200 | --hardware is for plan",
        "bench training x.toml --paper | --paper is for plan",
      })
  void badOptions(String words, String message) {
    InputException wrong =
        assertThrows(InputException.class, () -> CommandLine.parse(words.split(" ")));
    assertTrue(wrong.getMessage().startsWith("command line: " + message), wrong.getMessage());
    assertEquals(1, wrong.getMessage().lines().count());
  }

  @Test
  void goodOptions() {
    assertEquals(
        new PlanOptions(Optional.of(Hardware.A100_INFINIBAND), 256, false, Optional.empty()),
        CommandLine.parse("plan", "x.toml", "--hardware", "a100-infiniband", "--ranks=256").plan());
    assertEquals(
        Optional.of(Hardware.A100_NVLINK),
        CommandLine.parse("plan", "x.toml", "--hardware", "A100-NVLink").plan().hardware());
    assertEquals(
        new PlanOptions(Optional.empty(), 0, true, Optional.empty()),
        CommandLine.parse("plan", "--paper").plan());
    assertEquals(
        new PlanOptions(Optional.of(Hardware.H200), 0, false, Optional.of(Path.of("runs"))),
        CommandLine.parse("plan", "--hardware", "h200", "--compare", "runs").plan());
  }

  @Test
  void aFolderWithoutRunsIsNothingToCompare() {
    for (String folder : new String[] {"src", "absent"}) {
      InputException wrong =
          assertThrows(
              InputException.class, () -> PlanComparison.of(Hardware.H200, Path.of(folder)));
      assertTrue(
          wrong.getMessage().startsWith("command line: --compare=" + folder + ": must "),
          wrong.getMessage());
    }
  }
}
