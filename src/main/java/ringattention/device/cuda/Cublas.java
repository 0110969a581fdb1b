package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cublas.cublasLtCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtDestroy;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.javacpp.FloatPointer;
import ringattention.device.DType;
import ringattention.device.Memory;

/**
 * Matrix products by cublasLt, with fp32 sums and without TF32. The same call gives the same bits:
 * one stream, one workspace, and an algorithm that depends on nothing but the call.
 */
final class Cublas implements AutoCloseable {
  /** Allocated on the device for as long as this is open. */
  static final long WORKSPACE_BYTES = 32L << 20; // what cuBLAS recommends on Hopper

  private static final int MOST_ALIGNMENT = 256;
  private static final int TILE = 16; // of product.cu

  /**
   * A row-major matrix, or a batch of them. Strides are in elements; a batch stride of 0 means the
   * same matrix every time.
   *
   * @param dtype BF16 or F32
   * @param transposed whether the transpose of the matrix meant is what lies at the address
   */
  record Operand(long address, DType dtype, long rowStride, boolean transposed, long batchStride) {
    /** The matrices that begin this many elements later. */
    Operand moved(long elements) {
      return new Operand(
          address + elements * dtype.bytes(), dtype, rowStride, transposed, batchStride);
    }

    Operand transpose() {
      return new Operand(address, dtype, rowStride, !transposed, batchStride);
    }
  }

  private final CudaDevice device;
  private final Memory workspace;
  private final cublasLtContext handle = new cublasLtContext();
  private final Map<ProductPlan.Problem, ProductPlan> plans = new HashMap<>();
  private final FloatPointer alphaValue = new FloatPointer(1);
  private final FloatPointer betaValue = new FloatPointer(1);
  private final Cuda.Address atA = Cuda.address(0);
  private final Cuda.Address atB = Cuda.address(0);
  private final Cuda.Address atC = Cuda.address(0);
  private final Cuda.Address atWorkspace;

  Cublas(CudaDevice device) {
    this.device = device;
    ProductPlan.check(cublasLtCreate(handle), "start");
    this.workspace = device.allocate(WORKSPACE_BYTES);
    this.atWorkspace = Cuda.address(workspace.address());
  }

  /**
   * {@code c = alpha op(a) op(b) + beta c}, {@code batch} times. a and b are of one type, c is of
   * that type or F32. No extent is 0. With beta 0 the former c is not read.
   *
   * @param a op(a) is [m, k]
   * @param b op(b) is [k, n]
   * @param c [m, n], not transposed
   */
  void product(
      Operand a, Operand b, Operand c, long m, long n, long k, float alpha, float beta, int batch) {
    ProductPlan plan =
        plans.computeIfAbsent(
            new ProductPlan.Problem(
                m, n, k, batch, stored(a, batch), stored(b, batch), stored(c, batch)),
            problem -> new ProductPlan(handle, problem, WORKSPACE_BYTES));
    if (!plan.possible()) {
      plainProduct(a, b, c, m, n, k, alpha, beta, batch);
      return;
    }
    alphaValue.put(alpha);
    betaValue.put(beta);
    plan.run(
        handle,
        alphaValue,
        atA.at(a.address()),
        atB.at(b.address()),
        betaValue,
        atC.at(c.address()),
        atWorkspace,
        WORKSPACE_BYTES,
        device.stream().handle());
  }

  private static ProductPlan.Stored stored(Operand operand, int batch) {
    long batchStride = batch > 1 ? operand.batchStride() : 0;
    long divided = MOST_ALIGNMENT | operand.address() | batchStride * operand.dtype().bytes();
    return new ProductPlan.Stored(
        operand.dtype(),
        operand.rowStride(),
        operand.transposed(),
        batchStride,
        (int) Long.lowestOneBit(divided));
  }

  /** For what cublasLt refuses: right for every shape and alignment, and slow. */
  private void plainProduct(
      Operand a, Operand b, Operand c, long m, long n, long k, float alpha, float beta, int batch) {
    long tiles = ((m + TILE - 1) / TILE) * ((n + TILE - 1) / TILE);
    device
        .kernel("product", "product_" + a.dtype() + "_" + c.dtype())
        .launch(
            tiles,
            batch,
            TILE * TILE,
            0,
            a.address(),
            b.address(),
            c.address(),
            m,
            n,
            k,
            a.transposed() ? 1 : a.rowStride(),
            a.transposed() ? a.rowStride() : 1,
            b.transposed() ? 1 : b.rowStride(),
            b.transposed() ? b.rowStride() : 1,
            c.rowStride(),
            a.batchStride(),
            b.batchStride(),
            c.batchStride(),
            Kernel.word(alpha),
            Kernel.word(beta));
  }

  @Override
  public void close() {
    plans.values().forEach(ProductPlan::close);
    cublasLtDestroy(handle);
    workspace.close();
    alphaValue.close();
    betaValue.close();
  }
}
