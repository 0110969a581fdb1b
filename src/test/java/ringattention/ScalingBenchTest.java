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
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bench scaling}, its ranks as threads. */
class ScalingBenchTest {
  private Program program;
  private Path output;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    output = program.file("output");
  }

  private Run bench(int ranks, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("bench", "scaling", program.file("small.toml").toString()));
    arguments.addAll(List.of("-o", output.toString()));
    for (String key :
        List.of(
            "attentionTokens=128",
            "attentionTotal=256",
            "heads=2",
            "headSize=16",
            "trainingTokens=64",
            "trainingTotal=129",
            "repeats=2")) {
      arguments.addAll(List.of("-D", "benchScaling." + key));
    }
    arguments.addAll(List.of(more));
    return new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), output);
  }

  /** Of 3 ranks: 1, 2 and 3 of them, with uneven shards. */
  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {2, 3})
  void everyNumberOfRanksHasItsRows(int ranks) {
    Run run = bench(ranks, "-D", "output.plots=true");
    assertEquals(0, run.job().exitCode(), run.job().output());
    String counts = ranks == 2 ? "[1, 2]" : "[1, 2, 3]";
    assertEquals("# VALID: attention and training on " + counts + " ranks", run.lastLine());
    assertEquals(1 + 4 * ranks, run.lines("scaling.csv").size());
    int number = 1;
    for (String what : List.of("attention", "training")) {
      for (String scaling : List.of("weak", "strong")) {
        for (int n = 1; n <= ranks; n++, number++) {
          Map<String, String> row = run.row("scaling.csv", number);
          int weak = n * (what.equals("attention") ? 128 : 64);
          int total = what.equals("attention") ? 256 : 129;
          assertEquals(what, row.get("what"));
          assertEquals(scaling, row.get("scaling"));
          assertEquals(String.valueOf(n), row.get("ranks"));
          int tokens = scaling.equals("weak") ? weak : total;
          assertEquals(String.valueOf(tokens), row.get("tokens"));
          double time = number(row, "time_ms");
          assertTrue(time > 0, row.toString());
          assertEquals(tokens / time * 1e3, number(row, "tokens_per_s"), 1e-6);
          assertEquals(number(row, "ideal_ms") / time, number(row, "efficiency"), 1e-9);
          if (n == 1) {
            assertEquals(1, number(row, "efficiency"), 1e-9);
          }
          assertTrue(number(row, "at_once") <= n, row.toString());
        }
      }
    }
    // one sequence over more ranks is the same work
    Map<String, String> alone = run.row("scaling.csv", 1 + ranks);
    Map<String, String> two = run.row("scaling.csv", 2 + ranks);
    double part = number(two, "at_once");
    assertEquals(number(alone, "time_ms") / part, number(two, "ideal_ms"), 1e-6);
    // attention on both ranks, twice the sequence: four times the work
    double ideal = number(run.row("scaling.csv", 2), "ideal_ms");
    assertEquals(4 * number(run.row("scaling.csv", 1), "time_ms") / part, ideal, 1e-6);
    assertTrue(Files.exists(output.resolve("plots/scaling.png")));
    List<String> checks = run.lines("checks.csv");
    assertTrue(checks.get(1).startsWith("\"wrong, attention\","), checks.toString());
    for (String check : List.of("loss, 64 tokens, 1 rank", "memory, 129 tokens, 2 ranks")) {
      assertEquals(1, checks.stream().filter(line -> line.startsWith("\"" + check)).count(), check);
    }
  }

  @Test
  void whatIsWeakAndStrongIsMeasuredOnce() {
    Run run = bench(2, "-D", "benchScaling.trainingTotal=128");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals(
        run.row("scaling.csv", 6).get("time_ms"), run.row("scaling.csv", 8).get("time_ms"));
    List<String> checks = run.lines("checks.csv");
    assertEquals(3, checks.stream().filter(line -> line.startsWith("\"loss, ")).count());
  }

  /** Ranks that wait for others must not wait for ever. */
  @Test
  void rowsThatDivergeFailAndTheOthersFollow() {
    Run run = bench(2, "-D", "train.learningRate=1e30");
    assertEquals(3, run.job().exitCode(), run.job().output());
    assertEquals(5, run.lines("scaling.csv").size(), "attention alone");
    List<String> checks = run.lines("checks.csv");
    assertEquals(4, checks.stream().filter(line -> line.endsWith("FAILED")).count());
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "benchScaling.attentionTotal=3 | benchScaling.attentionTotal = 3: must be at least 4",
        "benchScaling.trainingTotal=2 | benchScaling.trainingTotal = 2: must be at least 4",
        "benchScaling.trainingTokens=2000000000 | must be below 2^31 / ranks (2)",
        "benchScaling.trainingTokens=1000000 | data.path",
        "attention.mask=full | must be \"causal\" for bench scaling",
      })
  void refusesWhatCannotBe(String override, String expected) {
    Run run = bench(2, "-D", override);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertTrue(run.errors().get(0).contains(expected), run.job().output());
    assertFalse(Files.exists(output), "something was written");
  }

  private static double number(Map<String, String> row, String column) {
    return Double.parseDouble(row.get(column));
  }
}
