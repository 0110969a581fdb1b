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
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.metrics.Mfu;
import ringattention.metrics.ModelFlops;
import ringattention.metrics.Recompute;

/** {@code bench mfu}, its ranks as threads. */
class MfuBenchTest {
  private static final ModelFlops SMALL = new ModelFlops(32, 2, 2, 1, 16, 88, 256);

  private Program program;
  private Path output;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    output = program.file("output");
  }

  private Run bench(int ranks, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("bench", "mfu", program.file("small.toml").toString()));
    arguments.addAll(List.of("-o", output.toString(), "-D", "benchMfu.tokensPerRank=[64]"));
    arguments.addAll(List.of(more));
    return new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), output);
  }

  @Test
  void ringAndBaselineTakeTheSameBatch() {
    Run run =
        bench(
            2,
            "-D",
            "benchMfu.batchTokens=1280",
            "-D",
            "benchMfu.measured=2",
            "-D",
            "output.plots=true");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals("# VALID: 2 rows, 2 ranks", run.lastLine());
    assertEquals(3, run.lines("mfu.csv").size());
    for (int number : new int[] {1, 2}) {
      Map<String, String> row = run.row("mfu.csv", number);
      boolean ring = number == 2;
      assertEquals(ring ? "ring" : "blockwise", row.get("architecture"));
      int tokens = ring ? 128 : 64;
      assertEquals(String.valueOf(tokens), row.get("tokens"));
      assertEquals("1280", row.get("batch_tokens"));
      assertEquals("10", row.get("micro_batches"));
      assertEquals("3", row.get("micro_batches_measured"));
      double seconds = number(row, "step_s");
      assertTrue(seconds > 0, row.toString());
      assertEquals(1280 / seconds, number(row, "tokens_per_s"), 1e-6);
      // of the whole batch, not of what was measured
      double peak = number(row, "peak_tflops") * 1e12;
      Recompute none = new Recompute(0, 0, 0, 0); // there is room to keep everything
      Mfu expected = SMALL.step(1280 / tokens, tokens, none).mfu(seconds, 2, peak);
      assertEquals(1, number(row, "mfu_causal") / expected.causalExact(), 1e-9);
      assertEquals(1, number(row, "mfu_paper") / expected.paper(), 1e-9);
      assertEquals(1, number(row, "mfu_hardware") / expected.hardware(), 1e-9);
      assertEquals(number(row, "planned_gib"), number(row, "peak_gib"), 1e-9);
      assertEquals(ring, number(row, "exposed_wait_s") > 0, row.toString());
    }
    assertTrue(run.job().output().contains("the mean rate of matrix products"), "no peak");
    assertEquals(2, lines(run, "# micro-batches measured: 3 of 10, "));
    assertTrue(Files.exists(output.resolve("plots/mfu.png")));
    List<String> checks = run.lines("checks.csv");
    assertEquals(6, checks.size(), checks.toString());
    assertTrue(checks.get(5).startsWith("\"ring below blockwise, h32, 64 tokens a rank\""));
    assertTrue(checks.get(5).endsWith("NOT CHECKED"), "no peak");
  }

  @Test
  void aSmallBatchIsMeasuredWhole() {
    Run run = bench(2, "-D", "benchMfu.batchTokens=256", "-D", "benchMfu.measured=5");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals("2", run.row("mfu.csv", 1).get("micro_batches"));
    assertEquals("2", run.row("mfu.csv", 1).get("micro_batches_measured"));
  }

  @Test
  void aBatchOfOneMicroBatchIsMeasuredToo() {
    Run run = bench(2, "-D", "benchMfu.batchTokens=128");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals("1", run.row("mfu.csv", 2).get("micro_batches"));
    assertEquals("1", run.row("mfu.csv", 2).get("micro_batches_measured"));
  }

  @Test
  void rowsThatDivergeFail() {
    Run run = bench(2, "-D", "benchMfu.batchTokens=256", "-D", "train.learningRate=1e30");
    assertEquals(3, run.job().exitCode(), run.job().output());
    assertEquals(1, run.lines("mfu.csv").size());
    assertEquals(2, run.lines("checks.csv").stream().filter(c -> c.endsWith("FAILED")).count());
  }

  @ParameterizedTest(name = "{2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | benchMfu.measured=1 | bench mfu compares a ring with one rank: mpirun -np 2 or more",
        "2 | benchMfu.batchTokens=192 | benchMfu.batchTokens = 192: must be a multiple of the tokens that 2 ranks take at a time (128)",
        "2 | attention.mask=full | attention.mask = \"full\": must be \"causal\" for bench mfu",
        "2 | benchMfu.tokensPerRank=[2000000000] | must each be below 2^31 / ranks (2)",
      })
  void refusesWhatCannotBe(int ranks, String override, String expected) {
    Run run = bench(ranks, "-D", override);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertTrue(run.errors().get(0).contains(expected), run.job().output());
    assertFalse(Files.exists(output), "something was written");
  }

  private static double number(Map<String, String> row, String column) {
    return Double.parseDouble(row.get(column));
  }

  private static long lines(Run run, String start) {
    return run.printed().stream().filter(line -> line.startsWith(start)).count();
  }
}
