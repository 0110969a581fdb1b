package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class BenchTableTest {
  private final BenchTable table =
      new BenchTable(
          List.of(
              new BenchTable.Column("tokens", "", "%d"),
              new BenchTable.Column("layout", "", "%s"),
              new BenchTable.Column("forward", "ms", "%.2f"),
              new BenchTable.Column("rate", "GFLOP/s each", "%.1f"),
              new BenchTable.Column("wrong", "", "%d")));

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
        table.row(4096, "zigzag", 12.345678, 200 / 3.0, 0L));
  }

  @Test
  void csvHasTheNamesAndAllDigits() {
    table.row(4096, "zigzag", 12.345678, 0.1, 0L);
    table.row(8192, "a, \"b\"", 1.0, 2.0, 3L);
    assertEquals(
        "tokens,layout,forward,rate,wrong\n"
            + "4096,zigzag,12.345678,0.1,0\n"
            + "8192,\"a, \"\"b\"\"\",1.0,2.0,3\n",
        table.csv());
  }

  @Test
  void everyColumnNeedsAValue() {
    assertThrows(IllegalArgumentException.class, () -> table.row(1, "x"));
  }
}
