package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sequences go to sources as their weights say, at every index, and none is left out or doubled.
 */
class SourceOrderTest {
  private static final long[] NO_LIMIT = new long[8];

  static {
    Arrays.fill(NO_LIMIT, Long.MAX_VALUE);
  }

  private static SourceOrder order(double... weights) {
    return new SourceOrder(weights, Arrays.copyOf(NO_LIMIT, weights.length));
  }

  private static double[] weights(String text) {
    return Arrays.stream(text.split(" ")).mapToDouble(Double::parseDouble).toArray();
  }

  /** Counts along the row: sequence j of a source comes behind j others of it, no index jumps. */
  @ParameterizedTest
  @ValueSource(
      strings = {"1", "1 1", "3 1", "0.7 0.2 0.1", "1 1 1 1 1 1", "1e-6 1e6", "5 3 3 2 1 0.01"})
  void sharesAreTheWeightsToWithinTheBound(String text) {
    double[] weights = weights(text);
    double all = Arrays.stream(weights).sum();
    SourceOrder order = order(weights);
    long[] taken = new long[weights.length];
    for (int index = 0; index < 5000; index++) {
      SourceOrder.Place place = order.place(index);
      assertEquals(taken[place.source()]++, place.index());
      for (int source = 0; source < weights.length; source++) {
        double share = weights[source] / all;
        double bound = 0.5 + share * (weights.length - 2) / 2 + 1e-6;
        assertTrue(
            Math.abs(taken[source] - share * (index + 1)) <= bound,
            "source " + source + " has " + taken[source] + " of " + (index + 1));
        assertEquals(taken[source], order.taken(source, index + 1));
      }
    }
  }

  /** Checkpoints rely on this order: another would silently change every resumed run. */
  @Test
  void order() {
    SourceOrder order = order(5, 2, 1);
    int[] sources = new int[16];
    Arrays.setAll(sources, index -> order.place(index).source());
    assertArrayEquals(new int[] {0, 1, 0, 0, 2, 0, 1, 0, 0, 1, 0, 0, 2, 0, 1, 0}, sources);
  }

  /** A late index asked for first is what it is in the row. */
  @Test
  void indicesFarAwayAreInTheSameRow() {
    SourceOrder order = order(0.61, 0.29, 0.1);
    long far = 1L << 40;
    long[] before = new long[3];
    for (int source = 0; source < 3; source++) {
      before[source] = order.taken(source, far);
    }
    assertEquals(far, Arrays.stream(before).sum());
    assertEquals(0.29, (double) before[1] / far, 1e-9);
    for (long index = far; index < far + 100; index++) {
      SourceOrder.Place place = order.place(index);
      assertEquals(before[place.source()]++, place.index());
    }
  }

  /** Behind the limit of one, the others keep their proportions among each other. */
  @Test
  void aSourceEndsAndTheOthersGoOn() {
    SourceOrder order =
        new SourceOrder(new double[] {2, 5, 1}, new long[] {Long.MAX_VALUE, 50, Long.MAX_VALUE});
    long[] taken = new long[3];
    for (int index = 0; index < 50 + 300; index++) {
      SourceOrder.Place place = order.place(index);
      assertEquals(taken[place.source()]++, place.index());
      assertTrue(place.source() != 1 || index < 82, "5 of 8 up to the limit");
    }
    assertArrayEquals(new long[] {200, 50, 100}, taken);
    assertEquals(Long.MAX_VALUE, order.sequences());
  }

  @Test
  void allEnd() {
    SourceOrder order = new SourceOrder(new double[] {1, 3}, new long[] {7, 5});
    assertEquals(12, order.sequences());
    long[] taken = new long[2];
    for (int index = 0; index < 12; index++) {
      assertEquals(taken[order.place(index).source()]++, order.place(index).index());
    }
    assertArrayEquals(new long[] {7, 5}, taken);
    assertEquals(5, order.taken(1, 12));
    assertThrows(IndexOutOfBoundsException.class, () -> order.place(12));
  }
}
