package ringattention.device;

import static ringattention.device.Trial.FEW;
import static ringattention.device.Trial.compare;
import static ringattention.device.Trial.sum;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kernel of every device against the reference, on odd sizes. */
class DeviceContractTest {
  @ParameterizedTest
  @CsvSource({"1, 1, 1", "3, 5, 7", "17, 33, 65", "130, 64, 31", "1, 257, 3", "0, 3, 5", "4, 0, 5"})
  void matmul(int m, int k, int n) {
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        compare(
            trial -> {
              Tensor a = transposeA ? trial.random(k, m) : trial.random(m, k);
              Tensor b = transposeB ? trial.random(n, k) : trial.random(k, n);
              Tensor product = trial.poisoned(m, n);
              Tensor added = trial.randomSum(m, n);
              trial.kernels().matmul(a, transposeA, b, transposeB, product, false);
              trial.kernels().matmul(a, transposeA, b, transposeB, added, true);
              trial.result("product", product, sum(k));
              trial.result("added", added, sum(k));
            });
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 1021})
  void fillAddCopy(int size) {
    compare(
        trial -> {
          Tensor filled = trial.poisoned(size);
          Tensor total = trial.randomSum(size);
          Tensor copied = trial.poisonedSum(size);
          trial.kernels().fill(filled, 0.75);
          trial.kernels().add(total, trial.random(size));
          trial.kernels().copy(trial.random(size), copied);
          trial.result("filled", filled, 0);
          trial.result("total", total, FEW);
          trial.result("copied", copied, 0);
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "7, 129", "65, 64", "1500, 40", "0, 8"})
  void bias(int rows, int width) {
    compare(
        trial -> {
          Tensor x = trial.random(rows, width);
          trial.kernels().addBias(x, trial.random(width));
          trial.result("x", x, FEW);
          Tensor dBias = trial.randomSum(width);
          trial.kernels().addBiasBackward(trial.random(rows, width), dBias);
          trial.result("dBias", dBias, sum(rows));
        });
  }

  /** Queries and keys are normalised where they are. */
  @ParameterizedTest
  @CsvSource({"3, 6", "65, 64", "7, 129"})
  void rmsNormInPlace(int rows, int hidden) {
    compare(
        trial -> {
          Tensor x = trial.random(rows, hidden);
          trial.kernels().rmsNorm(x, trial.random(hidden), 1e-5, x);
          trial.result("x", x, sum(hidden));
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "7, 129", "65, 64", "0, 8"})
  void rmsNorm(int rows, int hidden) {
    compare(
        trial -> {
          Tensor x = trial.random(rows, hidden);
          Tensor weight = trial.random(hidden);
          Tensor out = trial.poisoned(rows, hidden);
          trial.kernels().rmsNorm(x, weight, 1e-5, out);
          trial.result("out", out, sum(hidden));
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "3, 5", "7, 129", "65, 64", "0, 8"})
  void rmsNormBackward(int rows, int hidden) {
    compare(
        trial -> {
          Tensor x = trial.random(rows, hidden);
          Tensor weight = trial.random(hidden);
          Tensor dx = trial.random(rows, hidden);
          Tensor dWeight = trial.randomSum(hidden);
          trial.kernels().rmsNormBackward(x, weight, 1e-5, trial.random(rows, hidden), dx, dWeight);
          trial.result("dx", dx, sum(hidden));
          trial.result("dWeight", dWeight, sum(rows));
        });
  }

  /**
   * Positions near a million: an angle rounded to single precision would be off by 0.06 there, so
   * angles must be double. Three calls, the second with other frequencies and another magnitude,
   * the third with that magnitude changed alone: nothing of the call before may be kept.
   */
  @ParameterizedTest
  @CsvSource({"1, 1, 1, 2", "5, 2, 3, 10", "33, 1, 2, 64", "0, 1, 1, 4"})
  void rotate(int sequence, int batch, int heads, int headSize) {
    int[] positions = IntStream.range(0, sequence).map(i -> i * 31_249 + 3).toArray();
    double[] frequencies =
        IntStream.range(0, headSize / 2).mapToDouble(i -> 1 / (1 + 3.7 * i * i)).toArray();
    double[] others = Arrays.stream(frequencies).map(f -> f / 3).toArray();
    for (boolean inverse : new boolean[] {false, true}) {
      compare(
          trial -> {
            Tensor x = trial.random(sequence, batch, heads, headSize);
            Tensor gradient = trial.randomSum(sequence, batch, heads, headSize);
            trial
                .kernels()
                .rotate(
                    x,
                    trial.integers(positions),
                    new RotaryTable(trial.doubles(frequencies), 1),
                    inverse);
            trial
                .kernels()
                .rotate(
                    gradient,
                    trial.integers(positions),
                    new RotaryTable(trial.doubles(others), 1.1386),
                    inverse);
            Tensor again = trial.randomSum(sequence, batch, heads, headSize);
            trial
                .kernels()
                .rotate(
                    again,
                    trial.integers(positions),
                    new RotaryTable(trial.doubles(others), 0.75),
                    inverse);
            trial.result("x", x, FEW);
            trial.result("gradient", gradient, FEW);
            trial.result("again", again, FEW);
          });
    }
  }

  /** Also beyond 2^32, and a second part that continues the first. */
  @ParameterizedTest
  @CsvSource({"0, 0", "1, 0", "1021, 7", "5000, 8589934597"})
  void normal(int size, long first) {
    compare(
        trial -> {
          Tensor numbers = trial.poisonedSum(size);
          int half = size / 2;
          trial.kernels().normal(numbers.slice(0, half), 0x123456789ABCDEFL, first, 0.02);
          trial.kernels().normal(numbers.slice(half, size), 0x123456789ABCDEFL, first + half, 0.02);
          trial.result("numbers", numbers, 1);
        });
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1, 2, 0, 0, 1",
    "5, 2, 4, 7, 16, 1, 3, 3",
    "130, 1, 8, 4, 24, 4, 0, 4",
    "3, 2, 3, 5, 5, 1, 4, 1",
    "2, 1, 40, 40, 128, 3, 5, 33",
    "4, 1, 3, 3, 8, 3, 3, 0",
    "0, 1, 2, 2, 8, 0, 1, 1"
  })
  void copyHeads(
      int tokens, int batch, int fromHeads, int toHeads, int size, int from, int to, int heads) {
    compare(
        trial -> {
          Tensor source = trial.random(tokens, batch, fromHeads, size);
          Tensor sums = trial.randomSum(tokens, batch, fromHeads, size);
          Tensor within = trial.random(tokens, batch, toHeads, size);
          Tensor narrowed = trial.random(tokens, batch, toHeads, size);
          Tensor widened = trial.randomSum(tokens, batch, toHeads, size);
          Tensor withinSums = trial.randomSum(tokens, batch, toHeads, size);
          trial.kernels().copyHeads(source, from, within, to, heads);
          trial.kernels().copyHeads(sums, from, narrowed, to, heads);
          trial.kernels().copyHeads(source, from, widened, to, heads);
          trial.kernels().copyHeads(sums, from, withinSums, to, heads);
          trial.result("within", within, 0);
          trial.result("narrowed", narrowed, 0);
          trial.result("widened", widened, 0);
          trial.result("withinSums", withinSums, 0);
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "7, 1021", "0, 8"})
  void swiGlu(int rows, int feedForward) {
    compare(
        trial -> {
          Tensor gate =
              trial.randomTimes(64, rows, feedForward); // saturates the sigmoid, both sides
          Tensor up = trial.random(rows, feedForward);
          Tensor overGate = trial.random(rows, feedForward);
          Tensor overUp = trial.random(rows, feedForward);
          Tensor out = trial.poisoned(rows, feedForward);
          trial.kernels().swiGlu(gate, up, out);
          trial.kernels().swiGlu(overGate, up, overGate);
          trial.kernels().swiGlu(gate, overUp, overUp);
          trial.result("out", out, FEW);
          trial.result("overGate", overGate, FEW);
          trial.result("overUp", overUp, FEW);
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "7, 1021", "0, 8"})
  void swiGluBackward(int rows, int feedForward) {
    compare(
        trial -> {
          Tensor gate = trial.random(rows, feedForward);
          Tensor up = trial.random(rows, feedForward);
          Tensor dOut = trial.random(rows, feedForward);
          Tensor dGate = trial.poisoned(rows, feedForward);
          Tensor dUp = trial.poisoned(rows, feedForward);
          trial.kernels().swiGluBackward(gate, up, dOut, dGate, dUp);
          trial.result("dGate", dGate, FEW);
          trial.result("dUp", dUp, FEW);
          trial.kernels().swiGluBackward(gate, up, dOut, gate, up);
          trial.result("over gate", gate, FEW);
          trial.result("over up", up, FEW);
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "40, 7, 5", "129, 3, 33", "0, 3, 4"})
  void embed(int rows, int vocabulary, int hidden) {
    compare(
        trial -> {
          Tensor tokens = trial.randomIntegers(vocabulary, rows); // with repeats
          Tensor out = trial.poisoned(rows, hidden);
          Tensor dTable = trial.randomSum(vocabulary, hidden);
          trial.kernels().embed(tokens, trial.random(vocabulary, hidden), out);
          trial.kernels().embedBackward(tokens, trial.random(rows, hidden), dTable);
          trial.result("out", out, 0);
          trial.result("dTable", dTable, sum(rows));
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 2, 1", "5, 257, 1", "33, 7, 1", "5, 257, 64", "0, 5, 1"})
  void crossEntropy(int rows, int vocabulary, int spread) {
    int[] labels = IntStream.range(0, rows).map(i -> i % 4 == 2 ? -1 : i % vocabulary).toArray();
    compare(
        trial -> {
          // logits of 100: the maximum must be subtracted
          Tensor logits = trial.randomTimes(spread, rows, vocabulary);
          Tensor loss = trial.randomSum(1);
          trial.kernels().crossEntropy(logits, trial.integers(labels), 0.125, loss);
          // the logarithm turns an error relative to the logits into one relative to the
          // probability
          trial.result("gradient", logits, sum(vocabulary) * spread);
          trial.result("loss", loss, sum(rows) + sum(vocabulary));
        });
  }

  /** Every fifth row has its largest logit twice: the first of them is the prediction. */
  @ParameterizedTest
  @CsvSource({"1, 2, 1", "5, 257, 1", "33, 7, 1", "40, 257, 64", "0, 5, 1"})
  void labelLosses(int rows, int vocabulary, int spread) {
    int[] labels = IntStream.range(0, rows).map(i -> i % 4 == 2 ? -1 : i % vocabulary).toArray();
    compare(
        trial -> {
          Tensor logits = trial.randomTimes(spread, rows, vocabulary);
          for (int row = 0; row < rows; row += 5) {
            Tensor one = logits.slice(row, row + 1).view(vocabulary);
            trial.kernels().fill(one.slice(0, 1), 512);
            trial.kernels().fill(one.slice(vocabulary - 1, vocabulary), 512);
          }
          Tensor losses = trial.randomSum(rows, 2);
          trial.kernels().labelLosses(logits, trial.integers(labels), losses);
          trial.result("logits", logits, 0);
          trial.result("loss and hit", losses, sum(vocabulary) * 64);
        });
  }

  /** Some outputs are of a size at which the tangent is 1, both ways. */
  @ParameterizedTest
  @CsvSource({"1, 1, 1", "5, 6, 1", "33, 7, 16", "1500, 3, 1", "5, 257, 4", "0, 5, 1"})
  void squaredError(int rows, int actions, int spread) {
    int[] labels = IntStream.range(0, rows).map(i -> i % 4 == 2 ? -1 : 0).toArray();
    compare(
        trial -> {
          Tensor z = trial.randomTimes(spread, rows, actions);
          Tensor targets = trial.randomSum(rows, actions);
          Tensor losses = trial.poisonedSum(rows, 2);
          Tensor loss = trial.randomSum(1);
          trial.kernels().labelErrors(z, targets, trial.integers(labels), losses);
          trial.kernels().squaredError(z, targets, trial.integers(labels), 0.125, loss);
          trial.result("gradient", z, FEW);
          trial.result("loss", loss, sum(rows) + FEW);
          trial.result("losses", losses, sum(actions));
        });
  }

  /** In double whatever the element type: exact here, and too long for single precision. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100_003})
  void sumOfSquares(int size) {
    compare(
        trial -> {
          double total = trial.kernels().sumOfSquares(trial.random(size));
          trial.result(
              "total", 0, Math.rint(total * (1 << 12))); // inputs are multiples of 1/64: exact
        });
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, NaN",
    "1021, 1020, NaN",
    "1021, 0, Infinity",
    "1021, 517, -Infinity",
    "65, 65, 0",
    "0, 0, 0"
  })
  void firstNonFinite(int size, int bad, double value) {
    compare(
        trial -> {
          Tensor x = trial.constantSum(1, size);
          trial.kernels().fill(x.slice(bad, size), value);
          trial.result("first", 0, trial.kernels().firstNonFinite(x));
        });
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "1021, 1", "1021, 1000"})
  void adamW(int size, long step) {
    compare(
        trial -> {
          Tensor weight = trial.randomSum(size);
          Tensor momentum = trial.randomSum(size);
          Tensor variance = trial.constantSum(0.25, size);
          Tensor gradient = trial.randomSum(size);
          var settings = new Kernels.AdamW(0.01, 0.9, 0.95, 1e-8, 0.1, step, 0.5);
          trial.kernels().adamW(weight, momentum, variance, gradient, settings);
          trial.result("weight", weight, FEW);
          trial.result("momentum", momentum, FEW);
          trial.result("variance", variance, FEW);
        });
  }
}
