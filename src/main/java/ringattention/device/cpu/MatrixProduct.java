package ringattention.device.cpu;

import ringattention.device.Tensor;

/**
 * c [m, n] = op(a) [m, k] op(b) [k, n] of whole tensors, split over the workers by rows of c, or by
 * columns where there are more.
 */
record MatrixProduct(
    int m, int n, int k, Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c) {
  /** Multiply-adds below which one thread is faster. */
  private static final double SPLIT = 1e6;

  /** Parts begin at whole cache lines and at whole rows of the library's kernels. */
  private static final int UNIT = 16;

  static MatrixProduct of(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c) {
    int m = transposeA ? Require.columns(a) : Math.toIntExact(Require.rows(a));
    int k = transposeA ? Math.toIntExact(Require.rows(a)) : Require.columns(a);
    int kOfB = transposeB ? Require.columns(b) : Math.toIntExact(Require.rows(b));
    int n = transposeB ? Math.toIntExact(Require.rows(b)) : Require.columns(b);
    if (k != kOfB || Require.rows(c) != m || Require.columns(c) != n) {
      throw new IllegalArgumentException(
          "product of "
              + a
              + (transposeA ? " transposed" : "")
              + " and "
              + b
              + (transposeB ? " transposed" : "")
              + " into "
              + c);
    }
    return new MatrixProduct(m, n, k, a, transposeA, b, transposeB, c);
  }

  /**
   * @param beta what c is multiplied with first
   */
  void run(Workers workers, float beta) {
    workers.run(
        (double) m * n * k > SPLIT,
        (worker, part, parts) -> {
          if (m >= n) {
            int first = (int) Workers.start(m, part, parts, UNIT);
            part(worker, first, (int) Workers.start(m, part + 1, parts, UNIT) - first, 0, n, beta);
          } else {
            int first = (int) Workers.start(n, part, parts, UNIT);
            part(worker, 0, m, first, (int) Workers.start(n, part + 1, parts, UNIT) - first, beta);
          }
        });
  }

  private void part(Worker worker, int row, int rows, int column, int columns, float beta) {
    if (rows <= 0 || columns <= 0) {
      return;
    }
    int strideA = Require.columns(a);
    int strideB = Require.columns(b);
    worker
        .product()
        .left(a.address() + row * (transposeA ? 1L : strideA) * Float.BYTES, strideA, transposeA)
        .right(
            b.address() + column * (transposeB ? (long) strideB : 1L) * Float.BYTES,
            strideB,
            transposeB)
        .into(c.address() + ((long) row * n + column) * Float.BYTES, n, rows, columns, k, 1, beta);
  }
}
