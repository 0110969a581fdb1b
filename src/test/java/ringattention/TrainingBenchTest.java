package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bench training}, its ranks as threads. */
class TrainingBenchTest {
  private static final String HEADER =
      "model,layers,tokens,ranks,saved,offload,step_s,tokens_per_s,mfu_causal,mfu_paper,mfu_hardware,"
          + "planned_gib,peak_gib,exposed_wait_s,hardware_tflop";
  private static final String REHEARSAL_HEADER =
      "model,layers,tokens,ranks,saved,offload,forward_blocks,forward_s,backward_blocks,"
          + "backward_s,planned_gib,peak_gib,planned_host_gib,peak_host_gib";

  private Program program;
  private Path output;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    output = program.file("output");
  }

  private Run bench(int ranks, String tokens, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("bench", "training", program.file("small.toml").toString()));
    arguments.addAll(List.of("-o", output.toString(), "-D", "benchTraining.tokens=" + tokens));
    arguments.addAll(List.of(more));
    return new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), output);
  }

  private static double number(Map<String, String> row, String column) {
    return Double.parseDouble(row.get(column));
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2})
  void eachLengthHasARowAndItsVerdict(int ranks) {
    Run run = bench(ranks, "[257, 64]");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals("# VALID: 2 rows, " + ranks + " ranks", run.lastLine());
    assertEquals(HEADER, run.lines("training.csv").get(0));
    assertEquals(3, run.lines("training.csv").size());
    for (int number : new int[] {1, 2}) {
      Map<String, String> row = run.row("training.csv", number);
      int tokens = number == 1 ? 257 : 64;
      assertEquals("h32", row.get("model"));
      assertEquals("2", row.get("layers"));
      assertEquals(String.valueOf(tokens), row.get("tokens"));
      assertEquals(String.valueOf(ranks), row.get("ranks"));
      assertTrue(number(row, "step_s") > 0, row.toString());
      assertEquals(tokens / number(row, "step_s"), number(row, "tokens_per_s"), 1e-6);
      assertEquals("NaN", row.get("mfu_causal"), "a CPU has no known peak");
      assertEquals(1, number(row, "peak_gib") / number(row, "planned_gib"), 0.02, row.toString());
      assertEquals(ranks > 1, number(row, "exposed_wait_s") > 0, row.toString());
    }
    // the shorter one comes second: its peak is its own
    assertTrue(
        number(run.row("training.csv", 2), "peak_gib")
            < number(run.row("training.csv", 1), "peak_gib"));
    List<String> checks = run.lines("checks.csv");
    for (String check : List.of("loss, 257", "memory, 257", "loss, 64", "memory, 64")) {
      assertEquals(1, checks.stream().filter(line -> line.startsWith("\"" + check)).count(), check);
    }
    for (int tokens : new int[] {257, 64}) {
      assertTrue(run.printed().contains("# Time of step 3, " + tokens + " tokens"), "time table");
    }
  }

  /** What is kept costs memory and spares operations; the loss and what is planned are the same. */
  @Test
  void whatBlocksKeepIsCompared() {
    List<String> kinds =
        List.of(
            "inputs",
            "inputs+attention",
            "inputs+attention+qkv",
            "inputs+attention+qkv+feedForward");
    String saved = "benchTraining.saved=[\"" + String.join("\", \"", kinds) + "\"]";
    Run run = bench(2, "[64]", "-D", saved);
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals("# VALID: 4 rows, 2 ranks", run.lastLine());
    Map<String, String> before = null;
    for (int number = 1; number <= 4; number++) {
      Map<String, String> row = run.row("training.csv", number);
      assertEquals(kinds.get(number - 1), row.get("saved"));
      assertEquals("none", row.get("offload"));
      assertEquals(number(row, "planned_gib"), number(row, "peak_gib"), 1e-9);
      if (before != null) {
        assertTrue(number(row, "planned_gib") > number(before, "planned_gib"), row.toString());
        assertTrue(number(row, "hardware_tflop") < number(before, "hardware_tflop"), "" + row);
      }
      before = row;
      assertTrue(run.printed().contains("# Time of step 3, 64 tokens, " + kinds.get(number - 1)));
    }
    List<String> losses =
        run.printed().stream().filter(line -> line.contains("gradient norm")).toList();
    assertEquals(4, losses.size());
    assertEquals(
        1, losses.stream().map(line -> line.split(";")[0]).distinct().count(), "" + losses);
    Run vanilla = bench(1, "[64]", "-D", saved, "-D", "attention.kind=vanilla");
    assertEquals(2, vanilla.job().exitCode(), vanilla.job().output());
    assertTrue(vanilla.errors().get(0).contains("benchTraining.saved"), vanilla.job().output());
  }

  @Test
  void rehearsesTheForwardAndTheLastBlocks() {
    Run run = bench(2, "[257]", "-D", "benchTraining.rehearse=1");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals(REHEARSAL_HEADER, run.lines("rehearsals.csv").get(0));
    Map<String, String> row = run.row("rehearsals.csv", 1);
    assertEquals("2", row.get("forward_blocks"));
    assertEquals("1", row.get("backward_blocks"));
    assertTrue(number(row, "forward_s") > 0, row.toString());
    assertTrue(number(row, "backward_s") > 0, row.toString());
    assertEquals(number(row, "planned_gib"), number(row, "peak_gib"), 1e-9);
    assertFalse(Files.exists(output.resolve("training.csv")), "no steps were taken");
  }

  @Test
  void rehearsesTheLastBlockAlone() {
    String[] last = {"-D", "benchTraining.rehearse=1", "-D", "benchTraining.rehearseForward=1"};
    Run run = bench(2, "[257]", last);
    assertEquals(0, run.job().exitCode(), run.job().output());
    Map<String, String> row = run.row("rehearsals.csv", 1);
    assertEquals("1", row.get("forward_blocks"));
    assertEquals(number(row, "planned_gib"), number(row, "peak_gib"), 1e-9);
  }

  @Test
  void aRowThatDivergesFailsAndTheNextIsMeasured() {
    Run run = bench(2, "[257, 64]", "-D", "train.learningRate=1e30", "-D", "train.clipNorm=0");
    assertEquals(3, run.job().exitCode(), run.job().output());
    assertTrue(run.job().output().contains("# 257 tokens: no row: step 2: loss"));
    assertTrue(run.job().output().contains("# 64 tokens: no row: step 2: loss"));
    assertTrue(run.lines("checks.csv").get(1).endsWith("FAILED"), run.job().output());
    assertEquals(List.of(HEADER), run.lines("training.csv"));
  }

  @Test
  void rowsWithoutRoomFailBeforeAnythingIsAllocated() {
    // more bytes than a process can address, so that no host promises them
    Run run = bench(2, "[64, 32]", "-D", "model.hidden=4096", "-D", "model.feedForward=2147483647");
    assertEquals(3, run.job().exitCode(), run.job().output());
    for (int tokens : new int[] {64, 32}) {
      String start =
          "# " + tokens + " tokens: no row: not every device has room for what is planned";
      assertTrue(
          run.printed().stream().anyMatch(line -> line.startsWith(start)), run.job().output());
    }
    assertEquals(3, run.lines("checks.csv").size());
    assertEquals(List.of(HEADER), run.lines("training.csv"));
  }

  @Test
  void refusesLengthsAndBlocksThatCannotBe() {
    Run tooLong = bench(1, "[64, 1000000]");
    assertEquals(2, tooLong.job().exitCode(), tooLong.job().output());
    assertTrue(tooLong.errors().get(0).contains("data.path"), tooLong.job().output());
    Run tooDeep = bench(1, "[64]", "-D", "benchTraining.rehearseForward=3");
    assertEquals(2, tooDeep.job().exitCode(), tooDeep.job().output());
    assertTrue(
        tooDeep.errors().get(0).endsWith("must be at most model.layers (2)"),
        tooDeep.job().output());
    Run backTooFar = bench(1, "[64]", "-D", "benchTraining.rehearse=3");
    assertEquals(2, backTooFar.job().exitCode(), backTooFar.job().output());
    assertTrue(
        backTooFar.errors().get(0).endsWith("must be at most the blocks of the forward (2)"),
        backTooFar.job().output());
    assertFalse(Files.exists(output), "something was written");
  }
}
