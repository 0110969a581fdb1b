package ringattention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench memory}, its ranks as threads. */
class MemoryBenchTest {
  private Program program;
  private Path output;

  @BeforeEach
  void makeInput(@TempDir Path folder) {
    program = new Program(folder);
    output = program.file("output");
  }

  private Run bench(int ranks, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("bench", "memory", program.file("small.toml").toString()));
    arguments.addAll(List.of("-o", output.toString(), "-D", "lossHead.block=16"));
    arguments.addAll(List.of("-D", "benchMemory.tokens=[32, 64, 128]"));
    arguments.addAll(List.of("-D", "benchMemory.feedForwardBlocks=[16, 32]"));
    arguments.addAll(List.of(more));
    return new Run(program.inProcess(ranks, arguments.toArray(String[]::new)), output);
  }

  @Test
  void everyStepHasItsPeakAndItsVerdict() {
    Run run = bench(2, "-D", "output.plots=true");
    assertEquals(0, run.job().exitCode(), run.job().output());
    // four architectures at three lengths, one further block, a ring of one rank
    assertEquals("# VALID: 14 rows, 2 ranks", run.lastLine());
    List<String> rows = run.lines("memory.csv");
    assertEquals(
        "architecture,ranks,tokens,block_tokens,feed_forward_block,layers,peak_bytes,planned_bytes",
        rows.get(0));
    assertEquals(15, rows.size());
    assertTrue(rows.get(1).startsWith("vanilla,1,32,32,32,2,"), rows.get(1));
    assertTrue(rows.get(6).startsWith("memory-efficient,1,128,128,128,2,"), rows.get(6));
    assertTrue(rows.get(10).startsWith("blockwise,1,128,128,32,2,"), rows.get(10));
    assertTrue(rows.get(13).startsWith("ring,1,128,128,16,2,"), rows.get(13));
    assertTrue(rows.get(14).startsWith("ring,2,256,128,16,2,"), rows.get(14));
    for (String row : rows.subList(1, rows.size())) {
      String[] cells = row.split(",");
      assertEquals(
          1, Double.parseDouble(cells[6]) / Double.parseDouble(cells[7]), 0.02, "peak " + row);
    }
    List<String> checks = run.lines("checks.csv");
    assertEquals(1 + 2 * 14, checks.size(), "loss and memory of each row");
    for (String check : checks.subList(1, checks.size())) {
      assertTrue(check.endsWith(",PASSED"), check);
    }
    assertTrue(Files.exists(output.resolve("plots/memory.png")), "no plot");
  }

  @Test
  void aStepWithoutRoomIsMissedAndTheOthersAreMeasured() {
    Run run =
        bench(1, "-D", "memory.deviceGiB=0.0016", "-D", "benchMemory.architectures=[\"vanilla\"]");
    assertEquals(3, run.job().exitCode(), run.job().output());
    String why = "# vanilla, 128 tokens, 1 rank: no row: not every device has room";
    assertTrue(run.printed().stream().anyMatch(line -> line.startsWith(why)), run.job().output());
    assertTrue(run.lines("memory.csv").size() > 1, run.job().output());
    String room = "\"room, vanilla, 128 tokens, 1 rank\",1,1.0,0.0,FAILED";
    assertTrue(run.lines("checks.csv").contains(room), run.job().output());
  }
}
