package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import ringattention.report.RunHeader.Positions;
import ringattention.report.RunHeader.Rank;

/** What the log prints before the first step: header, memory plan, work balance. */
class HeaderTest {
  private static RunHeader header(int dataParallel, int ringSize, Rank... ranks) {
    return header(dataParallel, ringSize, 1, 1, ranks);
  }

  private static RunHeader header(
      int dataParallel, int ringSize, int headRanks, int tensorRanks, Rank... ranks) {
    return new RunHeader(
        "ringattention 0.1.0",
        "c945457",
        "17.0.15 Debian",
        "Open MPI 4.1.4, device pointers not accepted",
        Map.of("transport", "NCCL 2.28"),
        List.of("train", "-D", "seed=1", "-D", "lists=[1, 'a']", "inputs/tutorial.toml"),
        dataParallel,
        ringSize,
        headRanks,
        tensorRanks,
        List.of(ranks));
  }

  @Test
  void header() {
    assertEquals(
        List.of(
            "program        ringattention 0.1.0 (git c945457)",
            "Java           17.0.15 Debian",
            "MPI            Open MPI 4.1.4, device pointers not accepted",
            "transport      NCCL 2.28",
            "hosts          a1 (2 ranks), a2 (1 rank)",
            "command        train -D seed=1 -D 'lists=[1, '\\''a'\\'']' inputs/tutorial.toml",
            "decomposition  3 ranks = 1 data-parallel x 3 ring",
            "",
            "rank  host  device           tokens  positions",
            "   0  a1    cpu, 1 thread      2048  0-1023 5120-6143",
            "   1  a1    cpu, 1 thread      2047  1024-2047 4097-5119",
            "   2  a2    cpu, 16 threads       1  4096"),
        header(
                1,
                3,
                new Rank(0, "a1", "cpu, 1 thread", List.of(range(0, 1024), range(5120, 6144))),
                new Rank(1, "a1", "cpu, 1 thread", List.of(range(1024, 2048), range(4097, 5120))),
                new Rank(2, "a2", "cpu, 16 threads", List.of(range(4096, 4097))))
            .lines());
  }

  @Test
  void ranksThatHoldNothingHaveNoColumnsForIt() {
    List<String> lines = header(1, 1, new Rank(0, "a1", "cpu, 1 thread", List.of())).lines();
    assertEquals(
        List.of("rank  host  device", "   0  a1    cpu, 1 thread"), lines.subList(8, lines.size()));
  }

  @Test
  void manyRangesOfAStripedShardAreShortened() {
    List<Positions> stripe =
        LongStream.range(0, 2048).mapToObj(i -> range(4 * i + 1, 4 * i + 2)).toList();
    String line = header(1, 1, new Rank(0, "a1", "cpu", stripe)).lines().get(9);
    assertEquals("   0  a1    cpu       2048  1 5 ... 8189 (2048 ranges)", line);
  }

  @Test
  void ranksThatExchangeHeadsAreAnAxis() {
    Rank rank = new Rank(0, "a1", "cpu", List.of(range(0, 1)));
    RunHeader header = header(1, 2, 2, 1, rank, rank, rank, rank);
    assertTrue(
        header.lines().contains("decomposition  4 ranks = 1 data-parallel x 2 ring x 2 heads"),
        header.lines().toString());
    assertEquals(List.of(2, 2), List.of(header.fields().get("ring"), header.fields().get("heads")));
  }

  /** Tensor ranks exchange all that they multiply: on several hosts there is a line. */
  @Test
  void ranksThatShareProductsAreAnAxis() {
    Rank[] ranks = new Rank[4];
    for (int i = 0; i < 4; i++) {
      ranks[i] = new Rank(i, i < 2 ? "a1" : "a2", "cpu", List.of(range(i, i + 1)));
    }
    RunHeader pairs = header(1, 2, 1, 2, ranks);
    String lines = pairs.lines().toString();
    assertTrue(
        lines.contains("decomposition  4 ranks = 1 data-parallel x 2 ring x 2 tensor"), lines);
    assertFalse(lines.contains("WARNING"), lines);
    assertEquals(2, pairs.fields().get("tensor"));
    String warning =
        "WARNING: ranks 0 to 3 share every product and are on several hosts: start neighbouring"
            + " ranks on one host";
    RunHeader apart = header(1, 1, 1, 4, ranks);
    assertEquals(warning, apart.lines().get(apart.lines().size() - 1));
    assertEquals(warning, apart.rest().get(apart.rest().size() - 1));
    assertThrows(IllegalArgumentException.class, () -> header(1, 3, 1, 2, ranks));
  }

  @Test
  void decompositionMustMakeTheRanks() {
    Rank rank = new Rank(0, "a1", "cpu", List.of(range(0, 1)));
    String waits = "decomposition  3 ranks = 1 data-parallel x 2 ring, 1 wait";
    assertTrue(header(1, 2, rank, rank, rank).lines().contains(waits));
    assertThrows(IllegalArgumentException.class, () -> header(2, 1, rank));
    assertThrows(IllegalArgumentException.class, () -> header(1, 1, 2, 1, rank));
    assertThrows(IllegalArgumentException.class, () -> range(3, 3));
  }

  @Test
  void memoryPlan() {
    MemoryTable table =
        new MemoryTable(
            List.of(
                new MemoryTable.Buffer(
                    "token embedding",
                    "parameters",
                    false,
                    "256 vocabulary x 128 hidden x 4 B",
                    131072),
                new MemoryTable.Buffer(
                    "block 0 input",
                    "activations",
                    true,
                    "2048 tokens x 128 hidden x 4 B",
                    1048576),
                new MemoryTable.Buffer("norm", "parameters", false, "128 hidden x 4 B", 512)));
    assertEquals(131584, table.bytes(false));
    assertEquals(1048576, table.bytes(true));
    assertEquals(
        List.of(
            "buffer           purpose          bytes            formula",
            "token embedding  parameters      131072   128 KiB  256 vocabulary x 128 hidden x 4 B",
            "block 0 input    activations    1048576  1.00 MiB  2048 tokens x 128 hidden x 4 B",
            "norm             parameters         512     512 B  128 hidden x 4 B",
            "sum              parameters      131584   129 KiB",
            "sum              activations    1048576  1.00 MiB",
            "total            on the device   131584   129 KiB",
            "total            on the host    1048576  1.00 MiB"),
        table.lines());
  }

  @Test
  void longFormulasWrapWithinTheirColumn() {
    String formula = "2048 tokens x 8 heads x 64 head size x 2 keys and values x 2 slots x 4 B";
    List<String> lines =
        new MemoryTable(
                List.of(
                    new MemoryTable.Buffer(
                        "ring slots of keys and values", "ring", false, formula, 1)))
            .lines();
    assertEquals(100, Math.max(100, lines.stream().mapToInt(String::length).max().orElse(0)));
    int column = lines.get(0).indexOf("formula");
    assertEquals(formula, (lines.get(1) + " " + lines.get(2).strip()).substring(column));
    assertTrue(lines.get(2).startsWith(" ".repeat(column) + lines.get(2).strip()));
  }

  @Test
  void workBalance() {
    WorkBalance even = new WorkBalance(List.of(8390656L, 8390656L));
    assertEquals("query-key pairs per rank: min 8390656, max 8390656, max/mean 1.000", even.line());
    WorkBalance contiguous = new WorkBalance(List.of(1L, 3L, 5L, 7L));
    assertEquals(1.75, contiguous.maxOverMean());
    assertEquals("query-key pairs per rank: min 1, max 7, max/mean 1.750", contiguous.line());
    assertThrows(IllegalArgumentException.class, () -> new WorkBalance(List.of(0L)));
  }

  private static Positions range(long from, long to) {
    return new Positions(from, to);
  }
}
