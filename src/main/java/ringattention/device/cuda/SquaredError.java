package ringattention.device.cuda;

import ringattention.device.Tensor;

/** Launches squarederror.cu. */
final class SquaredError {
  private static final int THREADS = 256;
  private static final int RESIDENT = 8; // blocks of a multiprocessor
  private static final int MOST_BLOCKS = 8192; // partial losses

  private final CudaDevice device;
  private final CudaMemory scratch;

  /**
   * @param scratch at least 64 KiB
   */
  SquaredError(CudaDevice device, CudaMemory scratch) {
    this.device = device;
    this.scratch = scratch;
  }

  void lossAndGradient(Tensor z, Tensor targets, Tensor labels, float scale, Tensor lossSum) {
    long rows = labels.elements();
    if (rows == 0) {
      return;
    }
    long resident = Math.min(MOST_BLOCKS, (long) device.multiprocessors() * RESIDENT);
    long blocks = Math.min(Pack.ceil(rows, THREADS), resident);
    device
        .kernel("squarederror", "squaredError_" + z.dtype())
        .launch(
            blocks,
            THREADS,
            z.address(),
            targets.address(),
            labels.address(),
            rows,
            Require.columns(z),
            Kernel.word(scale),
            scratch.address());
    device
        .kernel("crossentropy", "addLoss")
        .launch(1, THREADS, scratch.address(), blocks, lossSum.address());
  }

  void labelErrors(Tensor z, Tensor targets, Tensor labels, Tensor losses) {
    long rows = labels.elements();
    device
        .kernel("squarederror", "labelErrors_" + z.dtype())
        .launch(
            Pack.ceil(rows, THREADS),
            THREADS,
            z.address(),
            targets.address(),
            labels.address(),
            rows,
            Require.columns(z),
            losses.address());
  }
}
