package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static ringattention.device.cpu.Data.loop;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.Kernels;
import ringattention.device.RotaryTable;
import ringattention.device.Tensor;

/**
 * Kernels of the Transformer's layers against loops in float64, on sizes that are no multiple of
 * anything, and large enough to be split.
 */
class CpuKernelsTest {
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
      data.device().kernels().rotate(x, at, new RotaryTable(frequencies, 1), false);
      Residual.assertWithin(2, expected, data.read(x), "rotated");
      data.device().kernels().rotate(x, at, new RotaryTable(frequencies, 1), true);
      Residual.assertWithin(4, before, data.read(x), "turned back");
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
      Tensor logits = data.randomWithin(30, rows, vocabulary);
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
}
