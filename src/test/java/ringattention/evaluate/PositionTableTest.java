package ringattention.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import ringattention.metrics.LossUnit;
import ringattention.metrics.TextUnit;
import ringattention.model.LossByPosition;

/** What follows from nats is said of nats only. */
class PositionTableTest {
  private static PositionTable table(LossUnit unit) {
    List<LossByPosition.Bucket> buckets = List.of(new LossByPosition.Bucket(0, 1, 8, 4, 6, 0));
    return new PositionTable(
        new LossByPosition(buckets, false, Optional.empty(), List.of(), unit, TextUnit.BYTE));
  }

  @Test
  void ofTokens() {
    List<String> lines = table(LossUnit.NATS).lines();
    assertEquals(
        List.of("position", "labels", "loss", "perplexity", "accuracy"), words(lines.get(0)));
    assertEquals(List.of("all", "8", "0.5000", "1.649", "75.00%"), words(lines.get(2)));
    assertTrue(
        table(LossUnit.NATS)
            .csv()
            .endsWith(",nats,hits,bytes,loss,accuracy\n0,1,8,4.0,6,,0.5,0.75\n"));
  }

  @Test
  void ofActions() {
    List<String> lines = table(LossUnit.SQUARED_ERROR).lines();
    assertEquals(List.of("position", "labels", "loss"), words(lines.get(0)));
    assertEquals(List.of("0", "to", "1", "8", "0.5000"), words(lines.get(1)));
    assertEquals(
        "from,to,labels,squared_error,hits,bytes,loss,accuracy\n0,1,8,4.0,,,0.5,\n",
        table(LossUnit.SQUARED_ERROR).csv());
  }

  @Test
  void ofBases() {
    List<LossByPosition.Bucket> buckets =
        List.of(
            new LossByPosition.Bucket(0, 1, 8, 8 * Math.log(4), 6, 8),
            new LossByPosition.Bucket(2, 3, 4, 4 * Math.log(2), 3, 4));
    PositionTable table =
        new PositionTable(
            new LossByPosition(
                buckets, true, Optional.empty(), List.of(), LossUnit.NATS, TextUnit.BASE));
    assertTrue(table.lines().get(0).endsWith("   bits per base"), table.lines().get(0));
    assertEquals("2.0000", words(table.lines().get(1)).get(7));
    assertEquals("1.0000", words(table.lines().get(2)).get(7));
    assertEquals("1.6667", words(table.lines().get(3)).get(5));
    assertTrue(table.lines().stream().mapToInt(String::length).distinct().count() == 1);
    assertTrue(table.csv().startsWith("from,to,labels,nats,hits,bases,loss,accuracy\n0,1,8,"));
  }

  private static List<String> words(String line) {
    return List.of(line.trim().split(" +"));
  }
}
