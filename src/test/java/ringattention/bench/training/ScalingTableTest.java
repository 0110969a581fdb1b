package ringattention.bench.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import ringattention.bench.training.ScalingTable.Work;

class ScalingTableTest {
  private static final String HEADER =
      "what,scaling,ranks,at_once,tokens,time_ms,rate_tflops_per_rank,tokens_per_s,efficiency,ideal_ms";

  private static List<String> rows(ScalingTable table) {
    return table.table().csv().lines().toList();
  }

  private static void add(ScalingTable table, String what, String scaling, Work work) {
    table.table().row(table.row(what, scaling, work));
  }

  /** Twice the tokens a rank's share of attention sees: twice the work of a rank. */
  @Test
  void weakScalingCountsTheWorkThatGrows() {
    ScalingTable table = new ScalingTable();
    add(table, "attention", "weak", new Work(1, 1, 1000, 2, 8e12));
    add(table, "attention", "weak", new Work(2, 2, 2000, 5, 32e12));
    assertEquals(
        List.of(
            HEADER,
            "attention,weak,1,1.0,1000,2000.0,4.0,500.0,1.0,2000.0",
            "attention,weak,2,2.0,2000,5000.0,3.2,400.0,0.8,4000.0"),
        rows(table));
  }

  @Test
  void everyKindIsHeldAgainstItsOwnFirstRow() {
    ScalingTable table = new ScalingTable();
    add(table, "attention", "weak", new Work(1, 1, 1000, 2, 8e12));
    add(table, "attention", "strong", new Work(1, 1, 2000, 4, 32e12));
    add(table, "attention", "strong", new Work(2, 2, 2000, 2.5, 32e12));
    add(table, "attention", "strong", new Work(4, 4, 2000, 2, 32e12));
    add(table, "training", "strong", new Work(2, 2, 2000, 4, 16e12));
    assertEquals("attention,strong,2,2.0,2000,2500.0,6.4,800.0,0.8,2000.0", rows(table).get(3));
    assertEquals("attention,strong,4,4.0,2000,2000.0,4.0,1000.0,0.5,1000.0", rows(table).get(4));
    assertEquals("training,strong,2,2.0,2000,4000.0,2.0,500.0,1.0,4000.0", rows(table).get(5));
  }

  /** Four ranks on two cores can be twice as fast as one, not four times. */
  @Test
  void ranksThatShareCoresAreHeldAgainstTheCores() {
    ScalingTable table = new ScalingTable();
    add(table, "training", "strong", new Work(1, 1, 1000, 8, 8e12));
    add(table, "training", "strong", new Work(4, 2, 1000, 5, 8e12));
    assertEquals("training,strong,4,2.0,1000,5000.0,0.4,200.0,0.8,4000.0", rows(table).get(2));
  }
}
