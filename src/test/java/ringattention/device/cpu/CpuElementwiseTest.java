package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static ringattention.device.cpu.Data.loop;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.device.Kernels;
import ringattention.device.Kernels.AdamW;
import ringattention.device.Tensor;

/** Kernels that go over elements one by one, against loops in float64 and split over threads. */
class CpuElementwiseTest {
  /** Empty, one, less than a vector, more than a tile, more than one thread takes alone. */
  private static final String SIZES = "0, 1, 13, 2051, 70001";

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
  @CsvSource({SIZES + ", 1", SIZES + ", 3"})
  void swiGlu(int size0, int size1, int size2, int size3, int size4, int threads) {
    try (Data data = new Data(threads)) {
      for (int size : new int[] {size0, size1, size2, size3, size4}) {
        Kernels kernels = data.device().kernels();
        Tensor gate = data.randomWithin(20, size);
        Tensor up = data.random(size);
        Tensor dOut = data.random(size);
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
}
