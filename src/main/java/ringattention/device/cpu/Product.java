package ringattention.device.cpu;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Row-major matrix products at native addresses. One per worker: its pointer objects are reused
 * from call to call.
 */
final class Product {
  /** A matrix at a native address; {@code stride} is the distance of its rows in elements. */
  static final class Matrix extends FloatPointer {
    private int stride;
    private int transpose;

    private Matrix() {
      super((Pointer) null);
    }

    private Matrix at(long newAddress, long newStride, int newTranspose) {
      address = newAddress;
      stride = Math.max(1, Math.toIntExact(newStride)); // BLAS refuses 0, even of an empty matrix
      transpose = newTranspose;
      return this;
    }
  }

  private final Matrix left = new Matrix();
  private final Matrix right = new Matrix();
  private final Matrix result = new Matrix();

  /** The left factor for the next {@link #into}, used as it lies or transposed. */
  Product left(long address, long stride, boolean transposed) {
    left.at(address, stride, transposed ? CblasTrans : CblasNoTrans);
    return this;
  }

  /** The right factor for the next {@link #into}. */
  Product right(long address, long stride, boolean transposed) {
    right.at(address, stride, transposed ? CblasTrans : CblasNoTrans);
    return this;
  }

  /**
   * result [m, n] = alpha left [m, k] right [k, n] + beta result; with beta 0 the old contents do
   * not matter.
   */
  void into(long address, long stride, int m, int n, int k, float alpha, float beta) {
    result.at(address, stride, CblasNoTrans);
    cblas_sgemm(
        CblasRowMajor,
        left.transpose,
        right.transpose,
        m,
        n,
        k,
        alpha,
        left,
        left.stride,
        right,
        right.stride,
        beta,
        result,
        result.stride);
  }
}
