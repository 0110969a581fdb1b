package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem.Input;

/** The truth of few tokens, for which it is easily found otherwise. */
class ShardTruthTest {
  @Test
  void dotIsTheSumOfProducts() {
    double[] a = new double[40];
    double[] b = new double[40];
    Arrays.setAll(a, i -> 1 + i);
    Arrays.setAll(b, i -> 100 - 3 * i);
    for (int size = 1; size <= 13; size++) {
      double sum = 0;
      for (int i = 0; i < size; i++) {
        sum += (1 + 7 + i) * (100 - 3 * (11 + i));
      }
      assertEquals(sum, ShardTruth.dot(a, 7, b, 11, size), size + " products");
    }
  }

  /** Nothing is rounded on the way: the only probability is 1. */
  @Test
  void theFirstQueryOfADocumentGetsTheValueItSees() {
    AttentionProblem problem =
        new AttentionProblem(30, 1, new HeadCounts(4, 2, 7), Mask.CAUSAL, LayoutKind.CONTIGUOUS, 1)
            .packed(Documents.startingAt(0, 4, 9, 20));
    AttentionResult truth = AttentionTruth.whole(problem, DType.F32).result();
    for (int start : problem.documents().starts()) {
      double[] queries = problem.rows(Input.QUERY, new int[] {start}, DType.F32);
      double[] keys = problem.rows(Input.KEY, new int[] {start}, DType.F32);
      double[] values = problem.rows(Input.VALUE, new int[] {start}, DType.F32);
      for (int head = 0; head < 4; head++) {
        int shared = head / 2 * 7;
        int cell = start * 4 + head;
        assertArrayEquals(
            Arrays.copyOfRange(values, shared, shared + 7),
            Arrays.copyOfRange(truth.out(), cell * 7, cell * 7 + 7),
            "position " + start + ", head " + head);
        assertEquals(
            ShardTruth.dot(queries, head * 7, keys, shared, 7) / Math.sqrt(7),
            truth.logSumExp()[cell]);
      }
    }
  }

  private static double largest(double[] values) {
    return DoubleStream.of(values).map(Math::abs).max().orElseThrow();
  }

  private static double root(double[] values) {
    return Math.sqrt(DoubleStream.of(values).map(value -> value * value).sum());
  }

  /** By the formulas of {@link Quantity}, with probabilities found the plain way. */
  @Test
  void scalesAreWhatProbabilitiesAddUpTo() {
    int length = 5;
    int size = 3;
    AttentionProblem problem =
        new AttentionProblem(
            length, 1, new HeadCounts(2, 1, size), Mask.FULL, LayoutKind.CONTIGUOUS, 1);
    AttentionTruth truth = AttentionTruth.whole(problem, DType.F32);
    int[] all = IntStream.range(0, length).toArray();
    double[] q = problem.rows(Input.QUERY, all, DType.F32);
    double[] k = problem.rows(Input.KEY, all, DType.F32);
    double[] v = problem.rows(Input.VALUE, all, DType.F32);
    double[] dOut = problem.rows(Input.OUTPUT_GRADIENT, all, DType.F32);
    double[][] probabilities = new double[length * 2][length];
    for (int row = 0; row < length * 2; row++) {
      double sum = 0;
      for (int key = 0; key < length; key++) {
        double score = 0;
        for (int i = 0; i < size; i++) {
          score += q[row * size + i] * k[key * size + i];
        }
        probabilities[row][key] = Math.exp(score / Math.sqrt(size));
        sum += probabilities[row][key];
      }
      assertEquals(Math.log(sum), truth.result().logSumExp()[row], 1e-13);
      for (int key = 0; key < length; key++) {
        probabilities[row][key] /= sum;
      }
      double terms = root(probabilities[row]);
      expect(truth, Quantity.OUT, row, largest(v) * terms, largest(v));
      double gradient = root(Arrays.copyOfRange(dOut, row * size, row * size + size));
      expect(truth, Quantity.ROW_SUM, row, gradient * largest(v) * terms, gradient * largest(v));
      expect(truth, Quantity.QUERY_GRADIENT, row, largest(k) * terms, largest(k));
      double logSum = Math.max(1, Math.abs(Math.log(sum)));
      expect(truth, Quantity.LOG_SUM_EXP, row, logSum, logSum);
    }
    for (int key = 0; key < length; key++) {
      int column = key;
      double[] ofKey = Arrays.stream(probabilities).mapToDouble(row -> row[column]).toArray();
      double sum = DoubleStream.of(ofKey).sum();
      expect(truth, Quantity.KEY_GRADIENT, key, largest(q) * root(ofKey), largest(q) * sum);
      expect(truth, Quantity.VALUE_GRADIENT, key, largest(dOut) * root(ofKey), largest(dOut) * sum);
    }
  }

  private static void expect(
      AttentionTruth truth, Quantity quantity, int row, double terms, double sums) {
    assertEquals(terms, truth.terms().get(quantity)[row], 1e-13 * terms, quantity.toString());
    assertEquals(sums, truth.sums().get(quantity)[row], 1e-13 * sums, quantity.toString());
  }
}
