package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user reads of held-out losses: sums in buckets of positions, and their means. */
class LossByPositionTest {
  private static LossByPosition of(boolean knowsBytes, double[]... labels) {
    LossByPosition.Sums sums = new LossByPosition.Sums();
    for (double[] label : labels) {
      sums.add((int) label[0], label[1], label[2], (int) label[3]);
    }
    return LossByPosition.of(sums.values(), knowsBytes);
  }

  /** A position in the wrong row would tell of a context that helps where it does not. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, 1",
    "1, 0, 1",
    "2, 2, 3",
    "3, 2, 3",
    "4, 4, 7",
    "7, 4, 7",
    "8, 8, 15",
    "1073741823, 536870912, 1073741823",
    "1073741824, 1073741824, 2147483647",
    "2147483647, 1073741824, 2147483647"
  })
  void bucketsArePowersOfTwo(int position, int from, int to) {
    List<LossByPosition.Bucket> buckets = of(true, new double[] {position, 2, 1, 3}).buckets();
    LossByPosition.Bucket last = buckets.get(buckets.size() - 1);
    assertEquals(new LossByPosition.Bucket(from, to, 1, 2, 1, 3), last);
    for (int i = 0; i < buckets.size() - 1; i++) {
      assertEquals(0, buckets.get(i).labels());
      assertEquals(buckets.get(i).to() + 1, buckets.get(i + 1).from());
    }
  }

  @Test
  void meansAreOfAllLabels() {
    LossByPosition losses =
        of(
            true,
            new double[] {1, 3, 0, 1},
            new double[] {2, 1.5, 1, 2},
            new double[] {3, 0.5, 0, 4},
            new double[] {9, 3, 1, 1});
    assertEquals(4, losses.labels());
    assertEquals(8, losses.total());
    assertEquals(2, losses.loss());
    assertEquals(Math.exp(2), losses.perplexity());
    assertEquals(0.5, losses.accuracy());
    assertEquals(8, losses.bytes());
    assertEquals(1 / Math.log(2), losses.bits().orElseThrow(), 1e-15);
    assertEquals(1, losses.buckets().get(1).loss());
    assertEquals(0.5, losses.buckets().get(1).accuracy());
  }

  /** No number is better than one by an unknown or no number of bytes. */
  @Test
  void bitsNeedBytes() {
    assertEquals(OptionalDouble.empty(), of(false, new double[] {1, 3, 0, 1}).bits());
    assertEquals(OptionalDouble.empty(), of(true, new double[] {1, 3, 0, 0}).bits());
  }

  @Test
  void withoutLabelsThereIsNoLoss() {
    LossByPosition none = of(true);
    assertEquals(List.of(), none.buckets());
    assertEquals(0, none.labels());
    assertTrue(Double.isNaN(none.loss()) && Double.isNaN(none.accuracy()));
  }
}
