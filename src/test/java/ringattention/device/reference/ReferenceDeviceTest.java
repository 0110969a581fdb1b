package ringattention.device.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static ringattention.device.reference.HostTensors.random;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.Kernels.AdamW;
import ringattention.device.RotaryTable;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

/**
 * Forwards of the reference against values worked out by hand, and its block attention against
 * vanilla attention.
 */
class ReferenceDeviceTest {
  private static final double TOLERANCE = 1e-14; // some tens of double roundings of values near 1

  private final HostTensors tensors = new HostTensors();

  @AfterEach
  void free() {
    tensors.close();
  }

  private void assertValues(Tensor actual, double... expected) {
    assertArrayEquals(expected, tensors.read(actual), TOLERANCE);
  }

  @Test
  void products() {
    Tensor a = tensors.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor b = tensors.of(new double[] {1, 0, 0, 1, 1, 1}, 3, 2);
    Tensor c = tensors.poisoned(2, 2);
    tensors.kernels().matmul(a, false, b, false, c, false);
    assertValues(c, 4, 5, 10, 11);
    tensors.kernels().matmul(b, true, a, true, c, true);
    assertValues(c, 8, 15, 15, 22);
    assertThrows(
        IllegalArgumentException.class,
        () -> tensors.kernels().matmul(a, false, a, false, c, false));
  }

  @Test
  void rootMeanSquareIsDividedOut() {
    Tensor out = tensors.poisoned(1, 2);
    tensors
        .kernels()
        .rmsNorm(tensors.of(new double[] {1, 7}, 1, 2), tensors.of(new double[] {1, 2}, 2), 0, out);
    assertValues(out, 0.2, 2.8);
  }

  /** Llama's pairing: element 0 turns with 2 by the position, element 1 with 3 by a tenth of it. */
  @Test
  void rotationPairsHalves() {
    Tensor x = tensors.of(new double[] {1, 1, 0, 0}, 1, 1, 1, 4);
    RotaryTable table = new RotaryTable(tensors.of(new double[] {1, 0.1}, 2), 1);
    tensors.kernels().rotate(x, tensors.integers(2), table, false);
    assertValues(x, Math.cos(2), Math.cos(0.2), Math.sin(2), Math.sin(0.2));
  }

  /** The backward of a rotation that also stretches stretches, too: it is no inverse. */
  @Test
  void magnitudeStretchesBothWays() {
    Tensor x = tensors.of(new double[] {1, 1, 0, 0}, 1, 1, 1, 4);
    RotaryTable table = new RotaryTable(tensors.of(new double[] {1, 0.1}, 2), 3);
    tensors.kernels().rotate(x, tensors.integers(2), table, false);
    assertValues(x, 3 * Math.cos(2), 3 * Math.cos(0.2), 3 * Math.sin(2), 3 * Math.sin(0.2));
    tensors.kernels().rotate(x, tensors.integers(2), table, true);
    assertValues(x, 9, 9, 0, 0);
  }

  @Test
  void swiGluOfOne() {
    Tensor out = tensors.poisoned(1);
    tensors.kernels().swiGlu(tensors.constant(1, 1), tensors.constant(3, 1), out);
    assertValues(out, 3 / (1 + Math.exp(-1)));
  }

  @Test
  void embeddingPicksRows() {
    Tensor out = tensors.poisoned(2, 2);
    tensors
        .kernels()
        .embed(tensors.integers(2, 0), tensors.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2), out);
    assertValues(out, 5, 6, 1, 2);
  }

  @Test
  void crossEntropyOfEvenOdds() {
    Tensor logits = tensors.constant(800, 2, 2); // as large as exp overflows
    Tensor loss = tensors.constant(1, 1);
    tensors.kernels().crossEntropy(logits, tensors.integers(1, -1), 0.5, loss);
    assertArrayEquals(
        new double[] {1 + Math.log(2)}, tensors.read(loss), 1e-12); // 800 eats three digits
    assertArrayEquals(new double[] {0.25, -0.25, 0, 0}, tensors.read(logits), 1e-12);
  }

  /** By hand: tanh(0) - 0.5, and tanh(ln 3) = (9 - 1) / (9 + 1). */
  @Test
  void squaredErrorOfTwoNumbers() {
    double[] outputs = {0, Math.log(3), 7, 7};
    Tensor z = tensors.of(outputs, 2, 2);
    Tensor targets = tensors.of(new double[] {0.5, 0.3, 0, 0}, 2, 2);
    Tensor losses = tensors.poisoned(2, 2);
    Tensor loss = tensors.constant(1, 1);
    tensors.kernels().labelErrors(z, targets, tensors.integers(0, -1), losses);
    assertArrayEquals(outputs, tensors.read(z));
    assertArrayEquals(new double[] {0.25, 0, 0, 0}, tensors.read(losses), 1e-15);
    tensors.kernels().squaredError(z, targets, tensors.integers(0, -1), 0.5, loss);
    assertArrayEquals(new double[] {1.25}, tensors.read(loss), 1e-15);
    assertArrayEquals(new double[] {-0.25, 0.5 * 0.5 * 0.36, 0, 0}, tensors.read(z), 1e-15);
  }

  /**
   * At step 1 the corrected moments are the gradient and its square, so the weight moves by the
   * learning rate.
   */
  @Test
  void adamWFirstStep() {
    Tensor weight = tensors.constant(2, 1);
    Tensor momentum = tensors.constant(0, 1);
    Tensor variance = tensors.constant(0, 1);
    var settings = new AdamW(0.1, 0.9, 0.99, 1, 0.5, 1, 2);
    tensors.kernels().adamW(weight, momentum, variance, tensors.constant(1.5, 1), settings);
    assertValues(momentum, 0.3);
    assertValues(variance, 0.09);
    assertValues(weight, 2 - 0.1 * (3.0 / (3 + 1) + 0.5 * 2));
  }

  @Test
  void firstNonFiniteAndSumOfSquares() {
    Tensor x = tensors.of(new double[] {3, -4, 0}, 3);
    assertEquals(25, tensors.kernels().sumOfSquares(x));
    assertEquals(-1, tensors.kernels().firstNonFinite(x));
    tensors.kernels().fill(x.slice(1, 3), Double.NEGATIVE_INFINITY);
    assertEquals(1, tensors.kernels().firstNonFinite(x));
  }

  /** Head size 1, so scores are products: query 1 sees keys 0 and 1 with scores 0 and log 3. */
  @Test
  void vanillaAttentionByHand() {
    Tensor q = tensors.of(new double[] {5, 1}, 2, 1, 1, 1);
    Tensor k = tensors.of(new double[] {0, Math.log(3)}, 2, 1, 1, 1);
    Tensor v = tensors.of(new double[] {1, 2}, 2, 1, 1, 1);
    Tensor probabilities = tensors.poisoned(1, 1, 2, 2);
    Tensor out = tensors.poisoned(2, 1, 1, 1);
    Tensor logSumExp = tensors.poisoned(2, 1, 1);
    tensors.attention().vanillaForward(q, k, v, Mask.CAUSAL, probabilities, out, logSumExp);
    assertValues(probabilities, 1, 0, 0.25, 0.75);
    assertValues(out, 1, 1.75);
    assertValues(logSumExp, 0, Math.log(4));
  }

  /**
   * With one key the output is its value: heads 0 and 1 read key/value head 0, heads 2 and 3 read
   * head 1.
   */
  @Test
  void groupedHeadsShareConsecutively() {
    Tensor q = tensors.of(random(1, 8), 1, 2, 4, 1);
    Tensor k = tensors.of(random(2, 4), 1, 2, 2, 1);
    Tensor v = tensors.of(new double[] {1, 2, 3, 4}, 1, 2, 2, 1);
    Tensor out = tensors.poisoned(1, 2, 4, 1);
    tensors.attention().forward(q, k, v, Mask.FULL, out, tensors.poisoned(1, 2, 4));
    assertValues(out, 1, 1, 2, 2, 3, 3, 4, 4);
  }

  @ParameterizedTest
  @CsvSource({"FULL, 1, 4", "FULL, 3, 2", "CAUSAL, 4, 4", "CAUSAL, 5, 1", "CAUSAL, 0, 2"})
  void mergedBlocksAreVanilla(Mask mask, int split, int keyValueHeads) {
    int keys = mask == Mask.FULL ? 7 : 5 + split;
    long[] query = {5, 2, 4, 6};
    Tensor q = tensors.of(random(1, 240), query);
    Tensor k = tensors.of(random(2, keys * 2 * keyValueHeads * 6), keys, 2, keyValueHeads, 6);
    Tensor v = tensors.of(random(3, keys * 2 * keyValueHeads * 6), keys, 2, keyValueHeads, 6);
    Tensor expected = tensors.poisoned(query);
    Tensor expectedLogSumExp = tensors.poisoned(5, 2, 4);
    vanillaByBlocks(q, k, v, mask, split, expected, expectedLogSumExp);

    Tensor out = tensors.poisoned(query);
    Tensor logSumExp = tensors.constant(Double.NEGATIVE_INFINITY, 5, 2, 4);
    Tensor blockOut = tensors.poisoned(query);
    Tensor blockLogSumExp = tensors.poisoned(5, 2, 4);
    tensors
        .attention()
        .forward(q, k.slice(0, split), v.slice(0, split), Mask.FULL, blockOut, blockLogSumExp);
    tensors.attention().merge(out, logSumExp, blockOut, blockLogSumExp, out);
    tensors
        .attention()
        .forward(q, k.slice(split, keys), v.slice(split, keys), mask, blockOut, blockLogSumExp);
    tensors.attention().merge(out, logSumExp, blockOut, blockLogSumExp, out);
    assertValues(out, tensors.read(expected));
    assertValues(logSumExp, tensors.read(expectedLogSumExp));
  }

  /**
   * Query i sees the first split keys and, with a causal mask, i + 1 more: one query at a time,
   * vanilla and full.
   */
  private void vanillaByBlocks(
      Tensor q, Tensor k, Tensor v, Mask mask, int split, Tensor out, Tensor logSumExp) {
    for (int i = 0; i < q.dim(0); i++) {
      long visible = mask == Mask.FULL ? k.dim(0) : split + i + 1;
      tensors
          .attention()
          .vanillaForward(
              q.slice(i, i + 1),
              k.slice(0, visible),
              v.slice(0, visible),
              Mask.FULL,
              tensors.poisoned(2, 4, 1, visible),
              out.slice(i, i + 1),
              logSumExp.slice(i, i + 1));
    }
  }
}
