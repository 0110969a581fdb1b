package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.device.Kernels;
import ringattention.device.Kernels.AdamW;
import ringattention.device.Tensor;

/**
 * Every kernel against loops in float64, on sizes that are no multiple of anything, and large
 * enough to be split.
 */
class CpuKernelsTest {
  /** Empty, one, less than a vector, more than a tile, more than one thread takes alone. */
  private static final String SIZES = "0, 1, 13, 2051, 70001";

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1",
    "3, 5, 7, 1",
    "17, 1, 33, 1",
    "1, 65, 130, 2",
    "129, 127, 131, 3",
    "300, 33, 257, 2",
    "33, 300, 257, 4"
  })
  void matmul(int m, int n, int k, int threads) {
    try (Data data = new Data(threads)) {
      for (int variant = 0; variant < 8; variant++) {
        boolean transposeA = (variant & 1) != 0;
        boolean transposeB = (variant & 2) != 0;
        boolean accumulate = (variant & 4) != 0;
        Tensor a = transposeA ? data.random(k, m) : data.random(m, k);
        Tensor b = transposeB ? data.random(n, k) : data.random(k, n);
        Tensor c = accumulate ? data.random(m, n) : data.filled(Double.NaN, m, n);
        double[] av = data.read(a);
        double[] bv = data.read(b);
        double[] expected = accumulate ? data.read(c) : new double[m * n];
        for (int i = 0; i < m; i++) {
          for (int j = 0; j < n; j++) {
            for (int l = 0; l < k; l++) {
              expected[i * n + j] +=
                  av[transposeA ? l * m + i : i * k + l] * bv[transposeB ? j * k + l : l * n + j];
            }
          }
        }
        data.device().kernels().matmul(a, transposeA, b, transposeB, c, accumulate);
        Residual.assertWithin(32, expected, data.read(c), "variant " + variant);
      }
    }
  }

  @Test
  void matmulWithoutRowsOrTerms() {
    try (Data data = new Data(1)) {
      Kernels kernels = data.device().kernels();
      Tensor c = data.filled(7, 3, 5);
      kernels.matmul(data.random(3, 0), false, data.random(0, 5), false, c, true);
      assertTrue(Arrays.stream(data.read(c)).allMatch(value -> value == 7));
      kernels.matmul(data.random(3, 0), false, data.random(0, 5), false, c, false);
      assertTrue(Arrays.stream(data.read(c)).allMatch(value -> value == 0));
      kernels.matmul(data.random(0, 4), false, data.random(4, 5), false, c.slice(0, 0), false);
      assertEquals(
          "product of F32[3, 4] and F32[3, 5] into F32[3, 5]",
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      kernels.matmul(data.random(3, 4), false, data.random(3, 5), false, c, false))
              .getMessage());
    }
  }

  @Test
  void matmulTakesLeadingDimensionsTogether() {
    try (Data data = new Data(1)) {
      Tensor a = data.random(3, 2, 5);
      Tensor b = data.random(5, 4);
      Tensor c = data.random(3, 2, 4);
      Tensor flat = data.random(6, 4);
      data.device().kernels().matmul(a, false, b, false, c, false);
      data.device().kernels().matmul(a.rows(), false, b, false, flat, false);
      assertArrayEquals(data.read(flat), data.read(c));
    }
  }

  @ParameterizedTest
  @CsvSource({SIZES + ", 1", SIZES + ", 3"})
  void simpleOnes(int size0, int size1, int size2, int size3, int size4, int threads) {
    try (Data data = new Data(threads)) {
      for (int size : new int[] {size0, size1, size2, size3, size4}) {
        Kernels kernels = data.device().kernels();
        Tensor x = data.random(size);
        Tensor y = data.random(size);
        double[] xv = data.read(x);
        double[] yv = data.read(y);
        kernels.add(x, y);
        Residual.assertWithin(1, loop(size, i -> xv[i] + yv[i]), data.read(x), "add");
        kernels.add(y, y);
        assertArrayEquals(loop(size, i -> 2 * yv[i]), data.read(y), "add to itself");
        kernels.scale(y, -0.25);
        assertArrayEquals(loop(size, i -> -0.5 * yv[i]), data.read(y), "scale");
        kernels.copy(y, x.view(1, size));
        assertArrayEquals(data.read(y), data.read(x), "copy");
        kernels.fill(y, 0.1);
        assertArrayEquals(loop(size, i -> 0.1f), data.read(y), "fill");
        double squares = Arrays.stream(data.read(x)).map(value -> value * value).sum();
        assertEquals(squares, kernels.sumOfSquares(x), 1e-13 * squares, "sumOfSquares");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void firstNonFinite(double bad) {
    try (Data data = new Data(3)) {
      Kernels kernels = data.device().kernels();
      Tensor x = data.random(70001);
      assertEquals(-1, kernels.firstNonFinite(x));
      for (int at : new int[] {70000, 50000, 4096, 4095, 0}) {
        kernels.fill(x.slice(at, at + 1), bad);
        assertEquals(at, kernels.firstNonFinite(x));
        assertEquals(-1, kernels.firstNonFinite(x.slice(0, at)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 5, 1", "1, 1, 1", "7, 13, 1", "65, 1027, 3", "3, 40, 2"})
  void rmsNorm(int rows, int hidden, int threads) {
    double epsilon = 1e-5;
    try (Data data = new Data(threads)) {
      Tensor x = data.random(rows, 1, hidden);
      Tensor weight = data.random(hidden);
      Tensor dOut = data.random(rows, 1, hidden);
      Tensor out = data.filled(Double.NaN, rows, 1, hidden);
      Tensor dx = data.random(rows, 1, hidden);
      Tensor dWeight = data.random(hidden);
      double[] xv = data.read(x);
      double[] wv = data.read(weight);
      double[] gv = data.read(dOut);
      double[] expectedOut = new double[rows * hidden];
      double[] expectedDx = data.read(dx);
      double[] expectedDWeight = data.read(dWeight);
      for (int r = 0; r < rows; r++) {
        double squares = 0;
        double along = 0;
        for (int i = 0; i < hidden; i++) {
          squares += xv[r * hidden + i] * xv[r * hidden + i];
          along += xv[r * hidden + i] * wv[i] * gv[r * hidden + i];
        }
        double rms = Math.sqrt(squares / hidden + epsilon);
        for (int i = 0; i < hidden; i++) {
          int at = r * hidden + i;
          expectedOut[at] = xv[at] / rms * wv[i];
          expectedDx[at] += wv[i] * gv[at] / rms - xv[at] * along / (hidden * rms * rms * rms);
          expectedDWeight[i] += gv[at] * xv[at] / rms;
        }
      }
      Kernels kernels = data.device().kernels();
      kernels.rmsNorm(x, weight, epsilon, out);
      kernels.rmsNormBackward(x, weight, epsilon, dOut, dx, dWeight);
      Residual.assertWithin(8, expectedOut, data.read(out), "out");
      Residual.assertWithin(8, expectedDx, data.read(dx), "dx");
      Residual.assertWithin(16, expectedDWeight, data.read(dWeight), "dWeight");
    }
  }

  @ParameterizedTest
  @CsvSource({"5, 2, 3, 2, 1", "7, 1, 2, 34, 1", "300, 2, 2, 64, 3", "0, 1, 2, 16, 1"})
  void rotate(int sequence, int batch, int heads, int headSize, int threads) {
    double theta = 10000;
    try (Data data = new Data(threads)) {
      Tensor x = data.random(sequence, batch, heads, headSize);
      int[] positions = new int[sequence];
      Arrays.setAll(positions, i -> i * 7919 % 1_000_003 + (i % 3 == 0 ? 1 << 20 : 0));
      double[] before = data.read(x);
      double[] expected = before.clone();
      for (int row = 0; row < sequence * batch * heads; row++) {
        for (int i = 0; i < headSize / 2; i++) {
          double angle = positions[row / (batch * heads)] * Math.pow(theta, -2.0 * i / headSize);
          int first = row * headSize + i;
          int second = first + headSize / 2;
          expected[first] = before[first] * Math.cos(angle) - before[second] * Math.sin(angle);
          expected[second] = before[second] * Math.cos(angle) + before[first] * Math.sin(angle);
        }
      }
      Tensor at = data.integers(positions);
      Tensor frequencies =
          data.doubles(
              IntStream.range(0, headSize / 2)
                  .mapToDouble(i -> Math.pow(theta, -2.0 * i / headSize))
                  .toArray());
      data.device().kernels().rotate(x, at, frequencies, false);
      Residual.assertWithin(2, expected, data.read(x), "rotated");
      data.device().kernels().rotate(x, at, frequencies, true);
      Residual.assertWithin(4, before, data.read(x), "turned back");
    }
  }

  @ParameterizedTest
  @CsvSource({SIZES + ", 1", SIZES + ", 3"})
  void swiGlu(int size0, int size1, int size2, int size3, int size4, int threads) {
    try (Data data = new Data(threads)) {
      for (int size : new int[] {size0, size1, size2, size3, size4}) {
        Kernels kernels = data.device().kernels();
        Tensor gate = data.random(size);
        Tensor up = data.random(size);
        Tensor dOut = data.random(size);
        kernels.scale(gate, 20);
        double[] g = data.read(gate);
        double[] u = data.read(up);
        double[] d = data.read(dOut);
        double[] out = loop(size, i -> g[i] / (1 + Math.exp(-g[i])) * u[i]);
        double[] dGate =
            loop(
                size,
                i -> {
                  double sigmoid = 1 / (1 + Math.exp(-g[i]));
                  return d[i] * u[i] * sigmoid * (1 + g[i] * (1 - sigmoid));
                });
        double[] dUp = loop(size, i -> d[i] * g[i] / (1 + Math.exp(-g[i])));
        Tensor result = data.filled(Double.NaN, size);
        kernels.swiGlu(gate, up, result);
        Residual.assertWithin(4, out, data.read(result), "out");
        for (int alias = 0; alias < 2; alias++) {
          Tensor shared = data.random(size);
          kernels.copy(alias == 0 ? gate : up, shared);
          kernels.swiGlu(alias == 0 ? shared : gate, alias == 0 ? up : shared, shared);
          assertArrayEquals(data.read(result), data.read(shared), "out over an input");
        }
        kernels.swiGluBackward(gate, up, dOut, gate, up);
        Residual.assertWithin(8, dGate, data.read(gate), "dGate over gate");
        Residual.assertWithin(4, dUp, data.read(up), "dUp over up");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 3, 5, 1", "1, 1, 1, 1", "50, 7, 19, 1", "3000, 11, 37, 3"})
  void embedding(int rows, int vocabulary, int hidden, int threads) {
    try (Data data = new Data(threads)) {
      Tensor tokens = data.integersBelow(vocabulary, rows);
      Tensor table = data.random(vocabulary, hidden);
      Tensor out = data.filled(Double.NaN, rows, 1, hidden);
      double[] tokenValues = data.read(tokens);
      double[] tableValues = data.read(table);
      data.device().kernels().embed(tokens, table, out);
      assertArrayEquals(
          loop(
              rows * hidden, i -> tableValues[(int) tokenValues[i / hidden] * hidden + i % hidden]),
          data.read(out));
      Tensor dOut = data.random(rows, 1, hidden);
      Tensor dTable = data.random(vocabulary, hidden);
      double[] changes = data.read(dOut);
      double[] expected = data.read(dTable);
      for (int i = 0; i < rows * hidden; i++) {
        expected[(int) tokenValues[i / hidden] * hidden + i % hidden] += changes[i];
      }
      data.device().kernels().embedBackward(tokens, dOut, dTable);
      Residual.assertWithin(16, expected, data.read(dTable), "dTable");
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "5, 3, 1", "9, 257, 1", "70, 5003, 3"})
  void crossEntropy(int rows, int vocabulary, int threads) {
    double scale = 0.125;
    try (Data data = new Data(threads)) {
      Tensor logits = data.random(rows, vocabulary);
      data.device().kernels().scale(logits, 30);
      double[] x = data.read(logits);
      Tensor labels = data.integersBelow(vocabulary + 1, rows);
      double[] label = Arrays.stream(data.read(labels)).map(value -> value - 1).toArray();
      data.device().write(labels, Arrays.stream(label).mapToInt(value -> (int) value).toArray());
      double loss = 3;
      double[] expected = new double[rows * vocabulary];
      for (int r = 0; r < rows; r++) {
        if (label[r] >= 0) {
          double[] row = Arrays.copyOfRange(x, r * vocabulary, (r + 1) * vocabulary);
          double max = Arrays.stream(row).max().orElseThrow();
          double logSum =
              max + Math.log(Arrays.stream(row).map(value -> Math.exp(value - max)).sum());
          loss += logSum - row[(int) label[r]];
          for (int i = 0; i < vocabulary; i++) {
            expected[r * vocabulary + i] =
                scale * (Math.exp(row[i] - logSum) - (i == (int) label[r] ? 1 : 0));
          }
        }
      }
      Tensor lossSum = data.floats(3);
      data.device().kernels().crossEntropy(logits, labels, scale, lossSum);
      Residual.assertWithin(2, new double[] {loss}, data.read(lossSum), "loss");
      Residual.assertWithin(4, expected, data.read(logits), "gradient");
    }
  }

  @Test
  void crossEntropyOfHugeLogitsAndOfNotANumber() {
    try (Data data = new Data(1)) {
      Tensor lossSum = data.floats(0);
      data.device()
          .kernels()
          .crossEntropy(data.floats(3e38, -3e38).view(1, 2), data.integers(0), 1, lossSum);
      assertArrayEquals(new double[] {0}, data.read(lossSum));
      data.device()
          .kernels()
          .crossEntropy(data.floats(0, Double.NaN, 1).view(1, 3), data.integers(0), 1, lossSum);
      assertTrue(Double.isNaN(data.read(lossSum)[0]));
    }
  }

  @Test
  void everyNotANumberIsSeen() {
    for (int bits : VectorMathTest.notNumbers()) {
      for (int at = 0; at < 19; at++) {
        try (Data data = new Data(1)) {
          Kernels kernels = data.device().kernels();
          Tensor logits = data.random(1, 19);
          Tensor gate = data.random(19);
          kernels.fill(logits.view(19).slice(at, at + 1), Float.intBitsToFloat(bits));
          kernels.fill(gate.slice(at, at + 1), Float.intBitsToFloat(bits));
          Tensor lossSum = data.floats(0);
          kernels.crossEntropy(logits, data.integers(3), 1, lossSum);
          assertTrue(Double.isNaN(data.read(lossSum)[0]), "loss");
          Tensor out = data.filled(0, 19);
          Tensor dGate = data.filled(0, 19);
          Tensor dUp = data.filled(0, 19);
          Tensor one = data.filled(1, 19);
          kernels.swiGlu(gate, one, out);
          kernels.swiGluBackward(gate, one, one, dGate, dUp);
          for (Tensor result : new Tensor[] {out, dGate, dUp}) {
            double[] values = data.read(result);
            for (int i = 0; i < values.length; i++) {
              assertEquals(i == at, Double.isNaN(values[i]), result + " at " + i);
            }
          }
        }
      }
    }
  }

  @Test
  void tokensAndLabelsOutOfRangeAreNamed() {
    try (Data data = new Data(1)) {
      Kernels kernels = data.device().kernels();
      Tensor table = data.random(4, 3);
      Tensor rows = data.random(3, 3);
      assertEquals(
          "token 4 in row 2 is not in [0, 4)",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> kernels.embed(data.integers(0, 3, 4), table, rows))
              .getMessage());
      assertEquals(
          "token -1 in row 0 is not in [0, 4)",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> kernels.embedBackward(data.integers(-1, 3, 0), rows, table))
              .getMessage());
      assertEquals(
          "label -2 in row 1 is not in [-1, 3)",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> kernels.crossEntropy(rows, data.integers(-1, -2, 0), 1, data.floats(0)))
              .getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({"13, 1, 1", "70001, 1, 3", "2051, 1000, 1"})
  void adamW(int size, long step, int threads) {
    AdamW settings = new AdamW(3e-3, 0.9, 0.95, 1e-8, 0.1, step, 0.5);
    try (Data data = new Data(threads)) {
      Tensor weight = data.random(size);
      Tensor momentum = data.random(size);
      Tensor variance = data.random(size);
      Tensor gradient = data.random(size);
      data.device().write(variance, Arrays.stream(data.read(variance)).map(Math::abs).toArray());
      double[] w = data.read(weight);
      double[] g = data.read(gradient);
      double[] m0 = data.read(momentum);
      double[] v0 = data.read(variance);
      double[] m = loop(size, i -> 0.9 * m0[i] + 0.1 * 0.5 * g[i]);
      double[] v = loop(size, i -> 0.95 * v0[i] + 0.05 * 0.25 * g[i] * g[i]);
      double[] expected =
          loop(
              size,
              i -> {
                double mHat = m[i] / (1 - Math.pow(0.9, step));
                double vHat = v[i] / (1 - Math.pow(0.95, step));
                return w[i] - 3e-3 * (mHat / (Math.sqrt(vHat) + 1e-8) + 0.1 * w[i]);
              });
      data.device().kernels().adamW(weight, momentum, variance, gradient, settings);
      Residual.assertWithin(2, m, data.read(momentum), "momentum");
      Residual.assertWithin(2, v, data.read(variance), "variance");
      Residual.assertWithin(4, expected, data.read(weight), "weight");
    }
  }

  private interface Element {
    double at(int index);
  }

  private static double[] loop(int size, Element element) {
    double[] values = new double[size];
    Arrays.setAll(values, element::at);
    return values;
  }
}
