package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.Tensor;
import ringattention.shard.Mask;

class CpuBlockAttentionTest {
  /**
   * Results are convex combinations, so a few roundings of the largest value; gradients add up over
   * queries.
   */
  private static final double OUT = 16;

  private static final double GRADIENT = 64;

  @ParameterizedTest(
      name = "{0} queries, {1} keys, batch {2}, {3} heads over {4}, headSize {5}, {6}, {7} threads")
  @CsvSource({
    "1, 1, 1, 1, 1, 1, CAUSAL, 1",
    "1, 7, 1, 2, 1, 5, FULL, 1",
    "1, 7, 1, 2, 1, 5, CAUSAL, 1",
    "7, 3, 2, 3, 1, 16, CAUSAL, 1",
    "3, 7, 2, 2, 2, 17, CAUSAL, 1",
    "33, 31, 1, 4, 2, 32, FULL, 2",
    "255, 193, 1, 2, 1, 64, CAUSAL, 1",
    "257, 191, 2, 2, 1, 24, CAUSAL, 2",
    "300, 700, 1, 2, 2, 16, FULL, 3",
    "300, 700, 1, 2, 2, 16, CAUSAL, 3",
    "700, 300, 1, 3, 3, 33, CAUSAL, 2",
    "700, 300, 1, 1, 1, 128, FULL, 2",
    "601, 601, 2, 2, 1, 64, CAUSAL, 5",
    "513, 449, 1, 6, 2, 40, CAUSAL, 4",
    "0, 5, 1, 2, 1, 8, CAUSAL, 1",
    "5, 0, 1, 2, 1, 8, FULL, 1",
    "5, 0, 1, 2, 1, 8, CAUSAL, 1",
  })
  void matchesLoops(
      int queries,
      int keys,
      int batch,
      int heads,
      int keyValueHeads,
      int headSize,
      Mask mask,
      int threads) {
    try (Data data = new Data(threads)) {
      Case c = new Case(data, queries, keys, batch, heads, keyValueHeads, headSize, mask);
      AttentionLoops loops = new AttentionLoops(data, c.q, c.k, c.v, mask, c.dOut);
      c.forward();
      Residual.assertWithin(OUT, loops.out, data.read(c.out), "out");
      Residual.assertWithin(OUT, loops.logSumExp, data.read(c.logSumExp), "logSumExp");
      c.backward();
      Residual.assertWithin(GRADIENT, plus(loops.dq, 0.5), data.read(c.dq), "dq");
      Residual.assertWithin(GRADIENT, plus(loops.dk, 0.5), data.read(c.dk), "dk");
      Residual.assertWithin(GRADIENT, plus(loops.dv, 0.5), data.read(c.dv), "dv");
    }
  }

  @ParameterizedTest(
      name = "{0} queries, {1} keys, batch {2}, {3} heads over {4}, headSize {5}, {6}, {7} threads")
  @CsvSource({
    "1, 1, 1, 1, 1, 1, CAUSAL, 1",
    "7, 3, 2, 3, 1, 16, CAUSAL, 1",
    "129, 131, 2, 4, 2, 17, FULL, 2",
    "131, 129, 1, 4, 1, 32, CAUSAL, 3",
    "5, 0, 1, 2, 1, 8, FULL, 1",
    "0, 5, 1, 2, 1, 8, FULL, 1",
  })
  void vanillaMatchesLoops(
      int queries,
      int keys,
      int batch,
      int heads,
      int keyValueHeads,
      int headSize,
      Mask mask,
      int threads) {
    try (Data data = new Data(threads)) {
      Case c = new Case(data, queries, keys, batch, heads, keyValueHeads, headSize, mask);
      AttentionLoops loops = new AttentionLoops(data, c.q, c.k, c.v, mask, c.dOut);
      Tensor probabilities = data.filled(Double.NaN, batch, heads, queries, keys);
      Tensor dScores = data.filled(Double.NaN, batch, heads, queries, keys);
      data.device()
          .attention()
          .vanillaForward(c.q, c.k, c.v, mask, probabilities, c.out, c.logSumExp);
      Residual.assertWithin(OUT, loops.out, data.read(c.out), "out");
      Residual.assertWithin(OUT, loops.logSumExp, data.read(c.logSumExp), "logSumExp");
      data.device()
          .attention()
          .vanillaBackward(c.q, c.k, c.v, probabilities, c.dOut, dScores, c.dq, c.dk, c.dv);
      Residual.assertWithin(GRADIENT, plus(loops.dq, 0.5), data.read(c.dq), "dq");
      Residual.assertWithin(GRADIENT, plus(loops.dk, 0.5), data.read(c.dk), "dk");
      Residual.assertWithin(GRADIENT, plus(loops.dv, 0.5), data.read(c.dv), "dv");
    }
  }

  /**
   * The reference of the online softmax has to move again and again, with steps below and above its
   * slack.
   */
  @ParameterizedTest
  @CsvSource({"0.5", "3", "-3", "40"})
  void scoresThatGrowFromBlockToBlock(double growth) {
    try (Data data = new Data(1)) {
      Case c = new Case(data, 40, 1000, 1, 1, 1, 16, Mask.FULL);
      double[] k = new double[1000 * 16];
      for (int i = 0; i < k.length; i++) {
        k[i] = growth * (i / 16) / 192.0 + 0.1 * Math.sin(i);
      }
      data.device().write(c.k, k);
      double[] q = new double[40 * 16];
      Arrays.setAll(q, i -> 1 + 0.1 * Math.cos(i));
      data.device().write(c.q, q);
      AttentionLoops loops = new AttentionLoops(data, c.q, c.k, c.v, Mask.FULL, c.dOut);
      c.forward();
      // a score is rounded in proportion to itself, its exponential in proportion to that
      double scores = 1 + Math.abs(growth) * 5 * 4;
      Residual.assertWithin(OUT * scores, loops.out, data.read(c.out), "out");
      Residual.assertWithin(OUT, loops.logSumExp, data.read(c.logSumExp), "logSumExp");
    }
  }

  @Test
  void blocksMergedAreAttentionOverAll() {
    try (Data data = new Data(2)) {
      Case c = new Case(data, 301, 500, 2, 4, 2, 20, Mask.FULL);
      AttentionLoops loops = new AttentionLoops(data, c.q, c.k, c.v, Mask.FULL, c.dOut);
      Tensor out = data.filled(0, c.out.shape());
      Tensor logSumExp = data.filled(Double.NEGATIVE_INFINITY, c.logSumExp.shape());
      for (int[] range : new int[][] {{0, 1}, {1, 1}, {1, 200}, {200, 500}}) {
        c.forward(range[0], range[1]);
        data.device().attention().merge(out, logSumExp, c.out, c.logSumExp, out);
      }
      Residual.assertWithin(OUT, loops.out, data.read(out), "out");
      Residual.assertWithin(OUT, loops.logSumExp, data.read(logSumExp), "logSumExp");
    }
  }

  @Test
  void firstMergeIsACopyAndAnEmptyBlockChangesNothing() {
    try (Data data = new Data(1)) {
      double none = Double.NEGATIVE_INFINITY;
      Tensor out = data.random(3, 1, 1, 5);
      Tensor logSumExp = data.floats(none, 2, none).view(3, 1, 1);
      Tensor block = data.random(3, 1, 1, 5);
      double[] before = data.read(out);
      data.device()
          .attention()
          .merge(out, logSumExp, block, data.floats(-200, none, none).view(3, 1, 1), out);
      double[] expected = before.clone();
      System.arraycopy(data.read(block), 0, expected, 0, 5);
      assertArrayEquals(expected, data.read(out));
      assertArrayEquals(new double[] {-200, 2, none}, data.read(logSumExp));
    }
  }

  @Test
  void mergeOfFarApartSumsKeepsTheLarger() {
    try (Data data = new Data(1)) {
      Tensor out = data.random(2, 1, 1, 3);
      Tensor block = data.random(2, 1, 1, 3);
      Tensor logSumExp = data.floats(-3000, 3000).view(2, 1, 1);
      double[] expected = data.read(out);
      System.arraycopy(data.read(block), 0, expected, 0, 3);
      data.device()
          .attention()
          .merge(out, logSumExp, block, data.floats(3000, -3000).view(2, 1, 1), out);
      Residual.assertWithin(1, expected, data.read(out), "out");
      assertArrayEquals(new double[] {3000, 3000}, data.read(logSumExp));
    }
  }

  @Test
  void queriesThatSawNothingHaveNoGradient() {
    try (Data data = new Data(1)) {
      Case c = new Case(data, 4, 6, 1, 1, 1, 8, Mask.FULL);
      data.device().kernels().fill(c.out, 0);
      data.device().kernels().fill(c.logSumExp, Double.NEGATIVE_INFINITY);
      c.backward();
      for (Tensor gradient : new Tensor[] {c.dq, c.dk, c.dv}) {
        assertTrue(Arrays.stream(data.read(gradient)).allMatch(value -> value == 0.5));
      }
    }
  }

  /** A causal row depends on no later key, to the last bit, whichever tile that lies in. */
  @ParameterizedTest
  @CsvSource({"100", "192", "300", "599"})
  void laterKeysDoNotReachEarlierQueries(int changed) {
    try (Data data = new Data(1)) {
      Case c = new Case(data, 600, 600, 1, 1, 1, 16, Mask.CAUSAL);
      c.forward();
      double[] before = data.read(c.out);
      data.device().kernels().fill(c.k.slice(changed, changed + 1), 3);
      data.device().kernels().fill(c.v.slice(changed, changed + 1), 3);
      c.forward();
      double[] after = data.read(c.out);
      for (int i = 0; i < 600; i++) {
        double[] was = Arrays.copyOfRange(before, i * 16, (i + 1) * 16);
        assertEquals(
            i < changed,
            Arrays.equals(was, Arrays.copyOfRange(after, i * 16, (i + 1) * 16)),
            "query " + i);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"q, 250", "k, 250", "v, 250", "k, 0"})
  void notANumberIsSeen(String where, int position) {
    try (Data data = new Data(1)) {
      Case c = new Case(data, 400, 400, 1, 1, 1, 16, Mask.CAUSAL);
      Tensor poisoned = where.equals("q") ? c.q : where.equals("k") ? c.k : c.v;
      data.device().kernels().fill(poisoned.slice(position, position + 1), Double.NaN);
      c.forward();
      double[] out = data.read(c.out);
      assertTrue(Double.isNaN(out[position * 16]), "out of that position");
      assertTrue(where.equals("q") || Double.isNaN(out[399 * 16]), "out of the last position");
      c.backward();
      assertTrue(Double.isNaN(data.read(c.dq)[position * 16]), "dq of that position");
    }
  }

  /** Which NaN it is must not matter: the exponential is made of bits. */
  @ParameterizedTest
  @CsvSource({"83, 7", "83, 82", "256, 200", "193, 192"})
  void everyNotANumberIsSeen(int keys, int position) {
    for (int bits : VectorMathTest.notNumbers()) {
      try (Data data = new Data(1)) {
        Case c = new Case(data, 9, keys, 1, 1, 1, 16, Mask.FULL);
        Tensor key = c.k.slice(position, position + 1);
        data.device().kernels().fill(key, Float.intBitsToFloat(bits));
        c.forward();
        assertAllNaN(data.read(c.out), "out");
        assertAllNaN(data.read(c.logSumExp), "logSumExp");
        c.backward();
        assertAllNaN(data.read(c.dq), "dq");
        Tensor probabilities = data.filled(0, 1, 1, 9, keys);
        Tensor out = data.filled(0, c.out.shape());
        Tensor logSumExp = data.filled(0, c.logSumExp.shape());
        data.device()
            .attention()
            .vanillaForward(c.q, c.k, c.v, Mask.FULL, probabilities, out, logSumExp);
        assertAllNaN(data.read(out), "vanilla out");
        assertAllNaN(data.read(logSumExp), "vanilla logSumExp");
      }
    }
  }

  private static void assertAllNaN(double[] values, String name) {
    for (int i = 0; i < values.length; i++) {
      assertTrue(Double.isNaN(values[i]), name + "[" + i + "] = " + values[i]);
    }
  }

  /** Interpreted, half compiled and compiled code must agree to the last bit. */
  @ParameterizedTest
  @CsvSource({"1", "2", "3"})
  void sameBitsColdAndHot(int threads) {
    try (Data data = new Data(threads)) {
      Case c = new Case(data, 300, 500, 1, 3, 1, 32, Mask.CAUSAL);
      double[][] first = c.results();
      for (int i = 0; i < 60; i++) {
        double[][] again = c.results();
        for (int r = 0; r < first.length; r++) {
          assertArrayEquals(first[r], again[r], "result " + r + " of repetition " + i);
        }
      }
    }
  }

  @Test
  void wrongShapesAreNamed() {
    try (Data data = new Data(1)) {
      Case c = new Case(data, 4, 6, 1, 3, 1, 8, Mask.FULL);
      Tensor twoHeads = data.random(6, 1, 2, 8);
      IllegalArgumentException heads =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  data.device()
                      .attention()
                      .forward(c.q, twoHeads, twoHeads, Mask.FULL, c.out, c.logSumExp));
      assertEquals("3 heads of 8 do not share 2 key/value heads", heads.getMessage());
      IllegalArgumentException out =
          assertThrows(
              IllegalArgumentException.class,
              () -> data.device().attention().forward(c.q, c.k, c.v, Mask.FULL, c.k, c.logSumExp));
      assertEquals("out is F32[6, 1, 1, 8], not F32[4, 1, 3, 8]", out.getMessage());
    }
  }

  private static double[] plus(double[] values, double more) {
    return Arrays.stream(values).map(value -> value + more).toArray();
  }

  /** Inputs, poisoned outputs, and gradients that begin at 0.5 because backward adds. */
  private static final class Case {
    final Data data;
    final Mask mask;
    final Tensor q;
    final Tensor k;
    final Tensor v;
    final Tensor dOut;
    final Tensor out;
    final Tensor logSumExp;
    final Tensor dq;
    final Tensor dk;
    final Tensor dv;

    Case(
        Data data,
        int queries,
        int keys,
        int batch,
        int heads,
        int keyValueHeads,
        int headSize,
        Mask mask) {
      this.data = data;
      this.mask = mask;
      q = data.random(queries, batch, heads, headSize);
      k = data.random(keys, batch, keyValueHeads, headSize);
      v = data.random(keys, batch, keyValueHeads, headSize);
      dOut = data.random(queries, batch, heads, headSize);
      out = data.filled(Double.NaN, queries, batch, heads, headSize);
      logSumExp = data.filled(Double.NaN, queries, batch, heads);
      dq = data.filled(0.5, queries, batch, heads, headSize);
      dk = data.filled(0.5, keys, batch, keyValueHeads, headSize);
      dv = data.filled(0.5, keys, batch, keyValueHeads, headSize);
    }

    void forward() {
      data.device().attention().forward(q, k, v, mask, out, logSumExp);
    }

    void forward(int fromKey, int toKey) {
      data.device()
          .attention()
          .forward(q, k.slice(fromKey, toKey), v.slice(fromKey, toKey), mask, out, logSumExp);
    }

    void backward() {
      data.device()
          .attention()
          .backward(
              q,
              k,
              v,
              mask,
              out,
              logSumExp,
              dOut,
              new Heads(0, Math.toIntExact(k.dim(2))),
              new Gradients(dq, true, dk, dv, true));
    }

    double[][] results() {
      for (Tensor gradient : new Tensor[] {dq, dk, dv}) {
        data.device().kernels().fill(gradient, 0);
      }
      forward();
      backward();
      return new double[][] {
        data.read(out), data.read(logSumExp), data.read(dq), data.read(dk), data.read(dv)
      };
    }
  }
}
