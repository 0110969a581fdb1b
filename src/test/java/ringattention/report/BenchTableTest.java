package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchTableTest {
  private record Row(int tokens, String layout, double forward, double rate, long wrong) {}

  private final BenchTable<Row> table =
      new BenchTable<Row>()
          .column("tokens", "%d", Row::tokens)
          .column("layout", "%s", Row::layout)
          .column("forward", "ms", "%.2f", Row::forward)
          .column("rate", "GFLOP/s each", "%.1f", Row::rate)
          .column("wrong", "%d", Row::wrong);

  @Test
  void dataIsAlignedUnderNamesAndUnits() {
    assertEquals("# attention, causal", BenchTable.comment("attention, causal"));
    assertEquals("#", BenchTable.comment(""));
    assertEquals(
        List.of(
            "#   tokens    layout   forward            rate     wrong",
            "#                         (ms)  (GFLOP/s each)"),
        table.header());
    assertEquals(
        "      4096    zigzag     12.35            66.7         0",
        table.row(new Row(4096, "zigzag", 12.345678, 200 / 3.0, 0)));
  }

  @Test
  void csvHasTheNamesAndAllDigits() {
    table.row(new Row(4096, "zigzag", 12.345678, 0.1, 0));
    table.row(new Row(8192, "a, \"b\"", 1, 2, 3));
    table.row(new Row(1, "8x A100 #1 + é", Double.NaN, 1e-5, 3));
    table.row(new Row(1, "", 1e300, -1e-5, 3));
    String csv = table.csv();
    assertEquals(
        "tokens,layout,forward,rate,wrong\n"
            + "4096,zigzag,12.345678,0.1,0\n"
            + "8192,\"a, \"\"b\"\"\",1.0,2.0,3\n"
            + "1,8x A100 #1 + é,NaN,1.0E-5,3\n"
            + "1,,1.0E300,-1.0E-5,3\n",
        csv);
    assertEquals("a, \"b\"", Csv.rows(csv).get(1).get("layout"));
    assertEquals("", Csv.rows(csv).get(3).get("layout"));
  }

  @Test
  void bytesAreShownInGib() {
    BenchTable<Long> bytes = new BenchTable<Long>().gib("peak_gib", "%.3f", peak -> peak);
    assertEquals("     1.500", bytes.row(3L << 29));
    assertEquals(List.of(Map.of("peak_gib", 1.5)), bytes.records());
  }

  @Test
  void aRowOfOtherCellsIsNoTable() {
    assertThrows(OutputException.class, () -> Csv.rows("a,b\n1\n"));
    assertThrows(OutputException.class, () -> Csv.rows("a,b\n1,2,3\n"));
    assertThrows(OutputException.class, () -> Csv.rows("a,b\n\"1,2\n"));
    assertEquals(List.of(), Csv.rows("a,b\n"));
  }
}
