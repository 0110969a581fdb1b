package ringattention.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.device.Kernels;
import ringattention.device.Tensor;

/** Matrix products against loops in float64, on sizes that are no multiple of anything. */
class CpuMatmulTest {
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
}
