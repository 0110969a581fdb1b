package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench context} and {@code --memory-cap}, the ranks as threads. */
class ContextBenchTest {
  private static final String FIRST_COLUMNS =
      "model,dtype,architecture,ranks,device,memory_cap_gib,planned_tokens,measured_tokens,"
          + "ratio_to_blockwise,";

  private Program program;
  private Path output;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    output = program.file("output");
    program.write(
        "context.toml",
        """
        [model]
        hidden = 80
        layers = 2
        heads = 40

        [feedForward]
        block = 16

        [lossHead]
        block = 16

        [memory]
        saved = "inputs"
        offload = "none"

        [train]
        sequence = 64
        steps = 10

        [device]
        kind = "cpu"
        threads = 1

        [benchContext]
        multiple = 2

        [output]
        plots = false

        [data]
        path = "%s"
        """
            .formatted(program.file("text.txt")));
  }

  private Run bench(int ranks, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("bench", "context", program.file("context.toml").toString()));
    arguments.addAll(List.of("-o", output.toString()));
    arguments.addAll(List.of(more));
    return new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), output);
  }

  private static List<Map<String, String>> rows(Run run) {
    List<String> lines = run.lines("context.csv");
    String[] names = lines.get(0).split(",");
    List<Map<String, String>> rows = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",");
      assertEquals(names.length, cells.length, line);
      Map<String, String> row = new LinkedHashMap<>();
      for (int i = 0; i < names.length; i++) {
        row.put(names[i], cells[i]);
      }
      rows.add(row);
    }
    return rows;
  }

  private static double number(Map<String, String> row, String column) {
    return Double.parseDouble(row.get(column));
  }

  @Test
  void everyArchitectureTrainsItsLongestSequence() {
    Run run = bench(2, "--memory-cap", "4MiB", "-D", "output.plots=true");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals("# VALID: 4 rows, 2 ranks", run.lastLine());
    assertTrue(run.lines("context.csv").get(0).startsWith(FIRST_COLUMNS));
    List<Map<String, String>> rows = rows(run);
    assertEquals(
        List.of("vanilla", "memory-efficient", "blockwise", "ring"),
        rows.stream().map(row -> row.get("architecture")).toList());
    double shorter = 0;
    for (Map<String, String> row : rows) {
      assertEquals("h80", row.get("model"));
      assertEquals("fp32", row.get("dtype"));
      assertEquals("cpu", row.get("device"));
      assertEquals(4.0 / 1024, number(row, "memory_cap_gib"));
      assertEquals(row.get("planned_tokens"), row.get("measured_tokens"));
      assertTrue(number(row, "planned_tokens") > shorter, row.toString());
      shorter = number(row, "planned_tokens");
      assertTrue(number(row, "peak_gib") <= 4.0 / 1024, row.toString());
      assertTrue(number(row, "peak_gib") > 3.9 / 1024, "room was left: " + row);
      assertEquals(number(row, "planned_gib"), number(row, "peak_gib"), 1e-9);
      assertTrue(number(row, "step_s") > 0, row.toString());
    }
    assertEquals("1", rows.get(0).get("head_groups"), "vanilla takes all heads at once");
    assertEquals("40", rows.get(2).get("head_groups"));
    assertEquals("40", rows.get(3).get("head_groups"));
    assertEquals(1, number(rows.get(2), "ratio_to_blockwise"));
    assertTrue(number(rows.get(3), "ratio_to_blockwise") >= 1.9, rows.get(3).toString());
    assertEquals(17, run.lines("checks.csv").size() - 1);
    assertEquals(4, run.summary().get("context").size());
    assertTrue(Files.exists(output.resolve("plots/context.png")));
  }

  @Test
  void theRingOfFourTrainsFourTimesAsMuch() {
    Run run =
        bench(
            4,
            "--memory-cap=4MiB",
            "-D",
            "model.layers=1",
            "-D",
            "model.hidden=100",
            "-D",
            "model.heads=50",
            "-D",
            "benchContext.architectures=[\"ring\", \"blockwise\"]");
    assertEquals(0, run.job().exitCode(), run.job().output());
    Map<String, String> ring = rows(run).get(0);
    Map<String, String> blockwise = rows(run).get(1);
    assertEquals("4", ring.get("ranks"));
    assertEquals(4 * number(ring, "tokens_per_rank"), number(ring, "measured_tokens"));
    double ratio = number(ring, "measured_tokens") / number(blockwise, "measured_tokens");
    assertEquals(ratio, number(ring, "ratio_to_blockwise"), 1e-12);
    assertTrue(ratio >= 3.8 && ratio < 4, "ratio " + ratio);
  }

  @Test
  void aRingThatTakesAllHeadsAtOnceFallsShort() {
    Run run =
        bench(
            2, "--memory-cap=4MiB", "-D", "memory.headGroups=1", "-D", "benchContext.prove=false");
    assertEquals(3, run.job().exitCode(), run.job().output());
    assertTrue(
        run.lines("checks.csv").stream()
            .anyMatch(line -> line.startsWith("\"ratio, h80\"") && line.endsWith("FAILED")),
        run.job().output());
    assertEquals("", rows(run).get(3).get("measured_tokens"), "planned only");
    assertTrue(run.job().output().contains("planned only"));
  }

  @Test
  void aCapBelowTheModelFailsEveryRow() {
    Run run =
        bench(2, "--memory-cap=2MiB", "-D", "benchContext.architectures=[\"blockwise\", \"ring\"]");
    assertEquals(3, run.job().exitCode(), run.job().output());
    for (Map<String, String> row : rows(run)) {
      assertEquals("0", row.get("planned_tokens"));
      assertEquals("", row.get("measured_tokens"));
    }
  }

  @Test
  void needsACapWhereMemoryHasNoEnd() {
    Run run = bench(1);
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertTrue(run.errors().get(0).contains("needs --memory-cap"), run.job().output());
    assertFalse(Files.exists(output), "something was written");
  }

  @Test
  void needsATextLongerThanTheSequence() {
    Run run = bench(2, "--memory-cap=64MiB");
    assertEquals(2, run.job().exitCode(), run.job().output());
    assertTrue(run.errors().get(0).contains("must have more than train.sequence"));
    assertFalse(Files.exists(output), "something was written");
  }

  @Test
  void trainingIsPlannedWithinTheCap() {
    String input = program.file("small.toml").toString();
    Run fits = new Run(program.inProcess(2, "plan", input, "--memory-cap", "8MiB"), output);
    assertEquals(0, fits.job().exitCode(), fits.job().output());
    String said = fits.job().output().replaceAll("\\s+", " "); // lines break anywhere
    assertTrue(said.contains("of 8.00 MiB on the device"), said);
    Run full =
        new Run(
            program.inProcess(2, "train", input, "--memory-cap", "1MiB", "-o", output.toString()),
            output);
    assertEquals(2, full.job().exitCode(), full.job().output());
    assertTrue(full.errors().get(0).contains("train.sequence"), full.job().output());
    assertFalse(Files.exists(output), "something was written");
  }
}
