package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench overlap}, and what a training run says of it, the ranks as threads. */
class OverlapBenchTest {
  private static final String HEADER =
      "pass,limit_gbytes_per_s,block_tokens,attention_tflops,message_bytes,bandwidth_gbytes_per_s,"
          + "compute_ms,message_ms,predicted_wait_ms,measured_wait_ms,predicted_fraction,"
          + "measured_fraction,wrong";

  private Program program;
  private Path output;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    output = program.file("output");
  }

  private Run bench(int ranks, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("bench", "overlap", program.file("small.toml").toString()));
    arguments.addAll(List.of("-o", output.toString()));
    for (String setting :
        List.of("tokens=[16, 64]", "heads=2", "headSize=16", "warmup=0", "repeats=1")) {
      arguments.addAll(List.of("-D", "benchOverlap." + setting));
    }
    arguments.addAll(List.of(more));
    return new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), output);
  }

  /**
   * A link so slow that this machine's load plays no part: 4 and 16 KiB take 41 and 164 ms, blocks
   * of 16 and 64 tokens less than a millisecond.
   */
  @Test
  void predictsAndMeasuresTheWaitOverASlowLink() {
    Run run = bench(2, "-D", "benchOverlap.bandwidths=[1e-4]", "-D", "output.plots=true");
    assertEquals(0, run.job().exitCode(), run.job().output());
    assertEquals("# VALID: predicted and measured blocks agree, 2 ranks", run.lastLine());
    List<String> rows = run.lines("overlap.csv");
    assertEquals(HEADER, rows.get(0));
    assertEquals(5, rows.size());
    for (String row : rows.subList(1, 5)) {
      String[] cells = row.split(",");
      double tokens = Double.parseDouble(cells[2]);
      boolean backward = cells[0].equals("backward");
      double bytes = tokens * 2 * 2 * 16 * Float.BYTES * (backward ? 2 : 1);
      assertEquals(bytes, Double.parseDouble(cells[4]), row);
      double message = bytes / 1e-4 / 1e9 * 1e3;
      assertTrue(Double.parseDouble(cells[7]) >= 0.99 * message, row);
      double wait = Double.parseDouble(cells[8]);
      double measured = Double.parseDouble(cells[9]);
      assertTrue(wait > 0.5 * message, row);
      assertTrue(measured > 0.5 * message, row);
      assertEquals("0", cells[12]);
    }
    assertEquals(1 + 5 + 2, run.lines("overlap_threshold.csv").size());
    assertEquals(1 + 2 * 3, run.lines("overlap_messages.csv").size());
    assertEquals(2, run.summary().path("thresholds").size());
    assertEquals(
        "MORE_THAN", run.summary().path("thresholds").get(0).path("measured_bound").asText());
    assertTrue(Files.exists(output.resolve("plots/overlap.png")));
  }

  @Test
  void refusesOneRankAndBlocksThatCannotBe() {
    Run alone = bench(1);
    assertEquals(2, alone.job().exitCode(), alone.job().output());
    assertEquals(
        "ringattention: bench overlap needs at least 2 ranks: mpirun -np 2", alone.errors().get(0));
    Run large = bench(2, "-D", "benchOverlap.tokens=[2000000000]");
    assertEquals(2, large.job().exitCode(), large.job().output());
    assertTrue(
        large.errors().get(0).endsWith("must make sequences below 2^31 on 2 ranks"),
        large.job().output());
    assertFalse(Files.exists(output), "something was written");
  }
}
