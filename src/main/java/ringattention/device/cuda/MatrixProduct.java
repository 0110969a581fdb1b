package ringattention.device.cuda;

import ringattention.device.Tensor;

/** c [m, n] = op(a) [m, k] op(b) [k, n] of whole tensors; leading dimensions count as rows. */
record MatrixProduct(long m, long n, long k, Cublas.Operand a, Cublas.Operand b, Cublas.Operand c) {
  /**
   * @throws IllegalArgumentException if the shapes are not of one product
   */
  static MatrixProduct of(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c) {
    long m = transposeA ? Require.columns(a) : Require.rows(a);
    long k = transposeA ? Require.rows(a) : Require.columns(a);
    long kOfB = transposeB ? Require.columns(b) : Require.rows(b);
    long n = transposeB ? Require.rows(b) : Require.columns(b);
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
    return new MatrixProduct(
        m, n, k, operand(a, transposeA), operand(b, transposeB), operand(c, false));
  }

  private static Cublas.Operand operand(Tensor matrix, boolean transposed) {
    return new Cublas.Operand(
        matrix.address(), matrix.dtype(), Require.columns(matrix), transposed, 0);
  }

  /**
   * Enqueues the product of matrices that are not empty.
   *
   * @param beta what c is multiplied with first
   */
  void run(Cublas cublas, float beta) {
    cublas.product(a, b, c, m, n, k, 1, beta, 1);
  }
}
