package ringattention.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.Program;
import ringattention.Run;

/** How a run ends, and that a script can tell it from the exit code. */
class TrainingEndTest {
  @TempDir Path folder;

  private Run train(String output, int exitCode, String... keys) {
    List<String> more = new ArrayList<>();
    for (String key :
        List.of("model.layers=1", "train.sequence=33", "train.warmupSteps=0", "device.kind=cpu")) {
      more.addAll(List.of("-D", key));
    }
    for (String key : keys) {
      more.addAll(key.startsWith("--") ? List.of(key) : List.of("-D", key));
    }
    Run run = new Program(folder).trainInProcess(1, output, more.toArray(String[]::new));
    assertEquals(exitCode, run.job().exitCode(), run.job().output());
    return run;
  }

  @Test
  void aRunWhoseLossRisesIsNotValid() {
    Run run = train("run", 3, "train.steps=12", "train.learningRate=3");
    assertTrue(run.lastLine().startsWith("INVALID: check loss falls failed"), run.lastLine());
    assertEquals(3, run.summary().get("exit_code").asInt());
  }

  @Test
  void aRunWithoutAFiniteStepHasDiverged() {
    Run run =
        train("run", 4, "train.steps=1", "fault.kind=gradient", "fault.rank=0", "fault.step=1");
    assertEquals("INVALID: no step has a finite loss and gradient", run.lastLine());
  }

  /** Skipping the last step leaves a result that was not asked for: exit code 3. */
  @Test
  void aSkippedLastStepIsSaid() {
    String export = "output.model=fp32";
    Run run =
        train(
            "run",
            3,
            export,
            "train.steps=3",
            "fault.kind=gradient",
            "fault.rank=0",
            "fault.step=3");
    assertTrue(run.lastLine().startsWith("INVALID: check last step is finite failed"));
    assertFalse(Files.exists(run.folder().resolve("model")), "weights of another step");
    assertTrue(Files.exists(train("good", 0, export, "train.steps=3").folder().resolve("model")));
  }

  /** A table of times that sums to all of it, and no word of what did not happen. */
  @Test
  void timesAreShown() {
    Run run = train("run", 0, "train.steps=4", "output.plots=true");
    List<String> printed = run.printed();
    int title = printed.indexOf("Time, all steps, over ranks");
    String table = String.join("\n", printed.subList(title, Math.min(title + 30, printed.size())));
    for (String phase : List.of("attention", "feed-forward", "rest", "100.0")) {
      assertTrue(table.contains(phase), phase + " in\n" + table);
    }
    assertTrue(table.contains("step"), table);
    assertFalse(run.job().output().contains("no label that counts"), run.job().output());
    for (String plot : List.of("loss", "tokens_per_s", "time_breakdown")) {
      assertTrue(Files.exists(run.folder().resolve("plots/" + plot + ".png")), plot);
    }
  }

  /** Curves tell where it went wrong, and what was saved before is good. */
  @Test
  void aDivergedRunHasItsCurves() {
    Run run =
        train(
            "run",
            4,
            "train.steps=5",
            "checkpoint.every=2",
            "train.maxSkippedSteps=0",
            "output.plots=true",
            "fault.kind=gradient",
            "fault.rank=0",
            "fault.step=4");
    assertTrue(Files.exists(run.folder().resolve("plots/loss.png")));
    assertTrue(run.lastLine().startsWith("INVALID: step 4: loss "), run.lastLine());
    assertTrue(Files.exists(run.folder().resolve("checkpoints/step_2/DONE")));
    assertEquals(3, run.column("loss").size());
    assertFalse(Files.exists(run.folder().resolve("plots/time_breakdown.png")));
  }

  /** Tokens and skipped steps of before count, too. */
  @Test
  void checkpointsCountAllTokens() throws IOException {
    train(
        "run",
        0,
        "train.steps=2",
        "checkpoint.every=2",
        "fault.kind=gradient",
        "fault.rank=0",
        "fault.step=1");
    Run run = train("run", 0, "train.steps=6", "checkpoint.every=2", "--resume");
    Path file = run.folder().resolve("checkpoints/step_6/checkpoint.json");
    assertEquals(6 * 33, new ObjectMapper().readTree(file.toFile()).at("/position/tokens").asInt());
    assertEquals(1, run.summary().get("skipped_steps").asInt());
    assertEquals(0, run.summary().get("steps_without_labels").asInt());
  }

  @Test
  void withoutARingItIsNotChecked() {
    Run run = train("run", 0, "train.steps=2", "attention.kind=memory-efficient");
    assertTrue(
        run.printed().stream().anyMatch(line -> line.matches("ring attention +NOT CHECKED.*")),
        run.job().output());
  }

  private static long events(Run run, String name) {
    return run.events().stream().filter(e -> e.get("event").asText().equals(name)).count();
  }

  /** A run that goes on elsewhere did not begin with random weights, and says so. */
  @Test
  void whatIsKnownOfARunIsWritten() {
    Run run = train("run", 0, "train.steps=4", "checkpoint.every=2");
    assertEquals(4, events(run, "step"));
    assertEquals(1, events(run, "process"));
    assertTrue(
        run.printed().stream().anyMatch(line -> line.matches("dQ, zigzag.* PASSED .*")),
        run.job().output());
    assertFalse(run.job().output().contains("did not begin with random weights"));
    Run other = train("other", 0, "train.steps=6", "checkpoint.resume=" + folder.resolve("run"));
    assertTrue(other.job().output().contains("training did not begin with random weights"));
    assertEquals(2, events(other, "step"));
  }

  /** A failure asked for comes where it is asked for: job scripts are tried with it. */
  @Test
  void aFaultHitsItsStep() {
    Run run =
        train("run", 1, "train.steps=5", "fault.kind=exception", "fault.rank=0", "fault.step=3");
    assertTrue(run.job().output().contains("failure asked for by section [fault]"));
    assertEquals(2, run.column("loss").size());
  }

  /** Lets everything that is written to a file of the run meet a full disk. */
  private Path full(String output, String file) throws IOException {
    Path path = folder.resolve(output).resolve(file);
    Files.createDirectories(path.getParent());
    return Files.createSymbolicLink(path, Path.of("/dev/full"));
  }

  /** What shows a result is no result: the run is as good without it. */
  @Test
  void plotsOnAFullDiskFailNoRun() throws IOException {
    full("run", "plots/loss.png.part");
    full("run", "plots/time_breakdown.png.part");
    Run run = train("run", 0, "train.steps=4", "output.plots=true", "--quiet");
    String warning =
        "WARNING: no plot of loss, time_breakdown: cannot write "
            + run.folder().resolve("plots/loss.png")
            + ": No space left on device";
    assertEquals(List.of(warning, run.lastLine()), run.job().output().lines().toList());
    assertTrue(Files.exists(run.folder().resolve("plots/grad_norm.png")), "there is room for it");
    assertEquals(0, run.summary().get("exit_code").asInt());
  }

  @ParameterizedTest
  @CsvSource({
    "steps.csv, steps.csv",
    "checks.csv.part, checks.csv",
    "summary.json.part, summary.json",
    "run.jsonl, run.jsonl"
  })
  void aResultOnAFullDiskIsAnError(String full, String named) throws IOException {
    full("run", full);
    Run run = new Program(folder).trainInProcess(1, "run", "-D", "train.steps=4");
    assertEquals(1, run.job().exitCode(), run.job().output());
    String said = String.join("\n", run.errors()) + run.job().output();
    assertTrue(said.contains("cannot write " + run.folder().resolve(named) + ": No space"), said);
    assertFalse(Files.exists(run.folder().resolve("summary.json")));
  }
}
