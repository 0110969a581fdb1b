package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ringattention.device.DType;

/** Results are put together from those of single heads, and judged element by element. */
class AttentionResultTest {
  private static final Rounding SINGLE = new Rounding(DType.F32, DType.F32);

  /** Two positions, four query heads of three elements, two of which read one key/value head. */
  private static AttentionResult zeros() {
    return AttentionResult.zeros(2, 4, 2, 3);
  }

  /** The result of one head: elements from 1 on, each quantity's a hundred higher. */
  private static AttentionResult oneHead() {
    return new AttentionResult(
        numbers(100, 6),
        numbers(200, 2),
        numbers(300, 2),
        numbers(400, 6),
        numbers(500, 6),
        numbers(600, 6));
  }

  private static double[] numbers(int first, int count) {
    return IntStream.rangeClosed(1, count).mapToDouble(i -> first + i).toArray();
  }

  @Test
  void aHeadIsAddedToItsOwnColumn() {
    AttentionResult all = zeros();
    all.add(oneHead(), 2, 2, 3);
    assertArrayEquals(
        new double[] {
          0, 0, 0, 0, 0, 0, 101, 102, 103, 0, 0, 0, //
          0, 0, 0, 0, 0, 0, 104, 105, 106, 0, 0, 0
        },
        all.out());
    assertArrayEquals(new double[] {0, 0, 201, 0, 0, 0, 202, 0}, all.logSumExp());
    assertArrayEquals(new double[] {0, 0, 301, 0, 0, 0, 302, 0}, all.rowSum());
    assertArrayEquals(
        new double[] {
          0, 0, 0, 0, 0, 0, 401, 402, 403, 0, 0, 0, //
          0, 0, 0, 0, 0, 0, 404, 405, 406, 0, 0, 0
        },
        all.dQuery());
    assertArrayEquals(new double[] {0, 0, 0, 501, 502, 503, 0, 0, 0, 504, 505, 506}, all.dKey());
    assertArrayEquals(new double[] {0, 0, 0, 601, 602, 603, 0, 0, 0, 604, 605, 606}, all.dValue());
  }

  /** Gradients of a key/value head are sums over the query heads that read it. */
  @Test
  void headsThatReadOneKeyAddUp() {
    AttentionResult all = zeros();
    all.add(oneHead(), 0, 2, 3);
    all.add(oneHead(), 1, 2, 3);
    assertArrayEquals(
        new double[] {1002, 1004, 1006, 0, 0, 0, 1008, 1010, 1012, 0, 0, 0}, all.dKey());
    assertArrayEquals(new double[] {201, 201, 0, 0, 202, 202, 0, 0}, all.logSumExp());
  }

  @Test
  void relativeErrorsAreThoseOfEveryTensorThatAttentionGives() {
    AttentionResult truth = oneHead();
    AttentionResult result =
        new AttentionResult(
            more(truth.out(), 1.06),
            more(truth.logSumExp(), 2.02),
            more(truth.rowSum(), 3),
            more(truth.dQuery(), 0),
            more(truth.dKey(), 50.6),
            more(truth.dValue(), 606));
    Map<String, Double> errors = result.relativeErrors(truth);
    assertEquals(List.of("O", "lse", "dQ", "dK", "dV"), List.copyOf(errors.keySet()));
    assertArrayEquals(
        new double[] {0.01, 0.01, 0, 0.1, 1},
        errors.values().stream().mapToDouble(Double::doubleValue).toArray(),
        1e-12);
  }

  /** The values with something added to the first. */
  private static double[] more(double[] values, double added) {
    double[] changed = values.clone();
    changed[0] += added;
    return changed;
  }

  /**
   * Two rows of two elements in each quantity; the second has a scale 1000 times that of the first.
   */
  private static AttentionTruth zeroTruth() {
    Map<Quantity, double[]> terms = new EnumMap<>(Quantity.class);
    Map<Quantity, double[]> sums = new EnumMap<>(Quantity.class);
    for (Quantity quantity : Quantity.values()) {
      terms.put(quantity, new double[] {1, 1000});
      sums.put(quantity, new double[2]);
    }
    return new AttentionTruth(AttentionResult.zeros(2, 1, 1, 2), terms, sums);
  }

  private static AttentionResult all(double first, double second) {
    double[] rows = {first, first, second, second};
    double[] sums = {first, second};
    return new AttentionResult(rows, sums, new double[2], rows, rows, rows);
  }

  /** Heads of 2: a score's error is 3 roundings, an output's 3 + 4, a gradient's 4 times that. */
  @Test
  void anElementIsWrongThatIsOffByMoreThanItsRowAllows() {
    double step = 0x1p-23;
    assertEquals(0, all(7 * step, 7000 * step).wrong(zeroTruth(), 2, SINGLE));
    double more = 7000 * step * (1 + 1e-9);
    assertEquals(2 + 1, all(0, more).wrong(zeroTruth(), 2, SINGLE), "O and lse of the second row");
    assertEquals(18, all(29 * step, 29000 * step).wrong(zeroTruth(), 2, SINGLE));
    assertEquals(9, all(29 * step, 0).wrong(zeroTruth(), 2, SINGLE));
    assertEquals(9, all(0, Double.NaN).wrong(zeroTruth(), 2, SINGLE));
  }

  @Test
  void resultsOfTheSameHeadsAreAdded() {
    AttentionResult sum = oneHead();
    sum.add(oneHead());
    for (Quantity quantity : Quantity.values()) {
      assertArrayEquals(
          Arrays.stream(oneHead().of(quantity)).map(value -> 2 * value).toArray(),
          sum.of(quantity));
    }
  }
}
