package ringattention.device.cuda;

import ringattention.device.DType;

/** Matrix products by cublasLt. */
final class Cublas implements AutoCloseable {
  /**
   * A row-major matrix, or a batch of them, in device memory.
   *
   * @param rowStride elements from one stored row to the next
   * @param transposed whether the matrix is stored transposed
   * @param batchStride elements from one matrix to the next
   */
  record Operand(long address, DType dtype, long rowStride, boolean transposed, long batchStride) {}

  /** c = alpha op(a) op(b) + beta c, with op(a) [m, k], op(b) [k, n], c [m, n]. */
  void product(
      Operand a, Operand b, Operand c, long m, long n, long k, float alpha, float beta, int batch) {
    throw new UnsupportedOperationException("matrix products");
  }

  @Override
  public void close() {}
}
