package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_TRANSA;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_TRANSB;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET;
import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_N;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_T;
import static org.bytedeco.cuda.global.cublas.CUBLAS_STATUS_NOT_SUPPORTED;
import static org.bytedeco.cuda.global.cublas.cublasLtGetStatusString;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmul;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoGetHeuristic;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescSetAttribute;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceSetAttribute;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutSetAttribute;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import ringattention.device.DType;

/**
 * How cublasLt computes one kind of product. cublasLt is column-major, so what it sees of a
 * row-major matrix is its transpose, and it computes {@code c^T = op(b)^T op(a)^T}: its first
 * operand is b.
 */
final class ProductPlan implements AutoCloseable {
  /** Everything that decides the plan. */
  record Problem(long m, long n, long k, int batch, Stored a, Stored b, Stored c) {}

  /**
   * A matrix in memory, but for where it is.
   *
   * @param alignment the largest power of two that divides the addresses of all matrices of the
   *     batch
   */
  record Stored(DType dtype, long rowStride, boolean transposed, long batchStride, int alignment) {}

  private final cublasLtMatmulDescOpaque_t product;
  private final cublasLtMatrixLayoutOpaque_t a;
  private final cublasLtMatrixLayoutOpaque_t b;
  private final cublasLtMatrixLayoutOpaque_t c;
  private final cublasLtMatmulHeuristicResult_t result = new cublasLtMatmulHeuristicResult_t();
  private final cublasLtMatmulAlgo_t algorithm; // inside result; null where there is none

  /**
   * @param workspaceBytes that the algorithm may use
   */
  ProductPlan(cublasLtContext cublas, Problem problem, long workspaceBytes) {
    this.product = descriptor(problem);
    this.a = layout(problem.a(), problem.m(), problem.k(), problem.batch());
    this.b = layout(problem.b(), problem.k(), problem.n(), problem.batch());
    this.c = layout(problem.c(), problem.m(), problem.n(), problem.batch());
    this.algorithm = choose(cublas, problem, workspaceBytes) ? result.algo() : null;
  }

  /** Whether cublasLt has an algorithm; otherwise there is nothing to {@link #run}. */
  boolean possible() {
    return algorithm != null;
  }

  void run(
      cublasLtContext cublas,
      FloatPointer alpha,
      Pointer atA,
      Pointer atB,
      FloatPointer beta,
      Pointer atC,
      Pointer workspace,
      long workspaceBytes,
      CUstream_st stream) {
    check(
        cublasLtMatmul(
            cublas,
            product,
            alpha,
            atB,
            b,
            atA,
            a,
            beta,
            atC,
            c,
            atC,
            c,
            algorithm,
            workspace,
            workspaceBytes,
            stream),
        "matrix product");
  }

  private static cublasLtMatmulDescOpaque_t descriptor(Problem problem) {
    try (PointerPointer<Pointer> made = new PointerPointer<>(1);
        IntPointer operation = new IntPointer(1)) {
      check(cublasLtMatmulDescCreate(made, CUBLAS_COMPUTE_32F, CUDA_R_32F), "product");
      cublasLtMatmulDescOpaque_t descriptor =
          new cublasLtMatmulDescOpaque_t(made.get(Pointer.class, 0));
      operation.put(problem.b().transposed() ? CUBLAS_OP_T : CUBLAS_OP_N);
      check(
          cublasLtMatmulDescSetAttribute(
              descriptor, CUBLASLT_MATMUL_DESC_TRANSA, operation, Integer.BYTES),
          "transposition");
      operation.put(problem.a().transposed() ? CUBLAS_OP_T : CUBLAS_OP_N);
      check(
          cublasLtMatmulDescSetAttribute(
              descriptor, CUBLASLT_MATMUL_DESC_TRANSB, operation, Integer.BYTES),
          "transposition");
      return descriptor;
    }
  }

  /** Returns the layout of a matrix whose op is [rows, columns]. */
  private static cublasLtMatrixLayoutOpaque_t layout(
      Stored stored, long rows, long columns, int batch) {
    try (PointerPointer<Pointer> made = new PointerPointer<>(1);
        IntPointer count = new IntPointer(1);
        LongPointer stride = new LongPointer(1)) {
      check(
          cublasLtMatrixLayoutCreate(
              made,
              stored.dtype() == DType.BF16 ? CUDA_R_16BF : CUDA_R_32F,
              stored.transposed() ? rows : columns,
              stored.transposed() ? columns : rows,
              stored.rowStride()),
          "matrix layout");
      cublasLtMatrixLayoutOpaque_t layout =
          new cublasLtMatrixLayoutOpaque_t(made.get(Pointer.class, 0));
      if (batch > 1) {
        count.put(batch);
        check(
            cublasLtMatrixLayoutSetAttribute(
                layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, count, Integer.BYTES),
            "batch");
        stride.put(stored.batchStride());
        check(
            cublasLtMatrixLayoutSetAttribute(
                layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, stride, Long.BYTES),
            "batch stride");
      }
      return layout;
    }
  }

  /** Takes the algorithm that cublasLt expects to be the fastest: the same one in every process. */
  private boolean choose(cublasLtContext cublas, Problem problem, long workspaceBytes) {
    try (PointerPointer<Pointer> made = new PointerPointer<>(1);
        LongPointer most = new LongPointer(1)) {
      check(cublasLtMatmulPreferenceCreate(made), "preference");
      cublasLtMatmulPreferenceOpaque_t preference =
          new cublasLtMatmulPreferenceOpaque_t(made.get(Pointer.class, 0));
      most.put(workspaceBytes);
      check(
          cublasLtMatmulPreferenceSetAttribute(
              preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most, Long.BYTES),
          "workspace");
      prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, problem.b().alignment());
      prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, problem.a().alignment());
      prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, problem.c().alignment());
      prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, problem.c().alignment());
      int[] found = new int[1];
      int status =
          cublasLtMatmulAlgoGetHeuristic(cublas, product, b, a, c, c, preference, 1, result, found);
      cublasLtMatmulPreferenceDestroy(preference);
      if (status == CUBLAS_STATUS_NOT_SUPPORTED) {
        return false;
      }
      check(status, "algorithm of " + problem);
      return found[0] > 0 && result.state() == 0;
    }
  }

  private static void prefer(
      cublasLtMatmulPreferenceOpaque_t preference, int attribute, int bytes) {
    try (IntPointer value = new IntPointer(1)) {
      value.put(bytes);
      check(
          cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, Integer.BYTES),
          "alignment");
    }
  }

  static void check(int status, String what) {
    if (status != 0) {
      BytePointer text = cublasLtGetStatusString(status);
      throw new CudaException(
          "cublasLt, " + what + ": " + (text == null ? "error " + status : text.getString()));
    }
  }

  @Override
  public void close() {
    result.close();
    cublasLtMatrixLayoutDestroy(a);
    cublasLtMatrixLayoutDestroy(b);
    cublasLtMatrixLayoutDestroy(c);
    cublasLtMatmulDescDestroy(product);
  }
}
