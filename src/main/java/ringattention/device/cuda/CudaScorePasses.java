package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemset2DAsync;

import ringattention.device.cuda.Cublas.Operand;

/** Products by cublasLt, the rest by the kernels of scores.cu. */
final class CudaScorePasses implements ScorePasses {
  private static final int THREADS = 256; // of a block, one block per row

  private final CudaDevice device;
  private final Workspace workspace;

  CudaScorePasses(CudaDevice device) {
    this.device = device;
    this.workspace = device.workspace();
  }

  @Override
  public void product(
      Operand a, Operand b, Operand c, long m, long n, long k, float alpha, float beta, int batch) {
    device.cublas().product(a, b, c, m, n, k, alpha, beta, batch);
  }

  @Override
  public void softmax(Rows rows, Operand scores, Operand probabilities, Operand logSumExp) {
    launch(
        "softmax",
        rows,
        probabilities,
        scores.address(),
        scores.rowStride(),
        scores.batchStride(),
        probabilities.address(),
        probabilities.rowStride(),
        probabilities.batchStride(),
        logSumExp.address(),
        logSumExp.rowStride(),
        rows.queries(),
        rows.keys(),
        rows.first(),
        rows.step());
  }

  @Override
  public void gradient(
      Rows rows,
      Operand scores,
      Operand dProbabilities,
      Operand probabilities,
      Operand dScores,
      Operand logSumExp,
      Operand out,
      Operand dOut,
      int headSize) {
    launch(
        "gradient",
        rows,
        probabilities,
        scores.address(),
        dProbabilities.address(),
        probabilities.address(),
        dScores.address(),
        scores.rowStride(),
        scores.batchStride(),
        logSumExp.address(),
        logSumExp.rowStride(),
        out.address(),
        dOut.address(),
        out.rowStride(),
        headSize,
        rows.queries(),
        rows.keys(),
        rows.first(),
        rows.step());
  }

  @Override
  public void vanillaGradient(
      Rows rows, Operand probabilities, Operand dProbabilities, Operand dScores) {
    launch(
        "vanillaGradient",
        rows,
        probabilities,
        probabilities.address(),
        probabilities.rowStride(),
        probabilities.batchStride(),
        dProbabilities.address(),
        dProbabilities.rowStride(),
        dProbabilities.batchStride(),
        dScores.address(),
        dScores.rowStride(),
        dScores.batchStride(),
        rows.queries(),
        rows.keys());
  }

  /** The kernel for the type of the probabilities. */
  private void launch(String name, Rows rows, Operand probabilities, long... values) {
    device
        .kernel("scores", name + "_" + probabilities.dtype())
        .launch((long) rows.heads() * rows.queries(), THREADS, values);
  }

  @Override
  public void clear(Operand matrix, long rows, long columns) {
    int size = matrix.dtype().bytes();
    Cuda.check(
        cudaMemset2DAsync(
            Cuda.address(matrix.address()),
            matrix.rowStride() * size,
            0,
            columns * size,
            rows,
            device.stream().handle()),
        "zeros");
  }

  @Override
  public long workspace(long bytes) {
    return workspace.address(bytes);
  }

  @Override
  public void close() {
    workspace.close();
  }
}
