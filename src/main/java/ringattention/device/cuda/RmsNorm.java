package ringattention.device.cuda;

import ringattention.device.Tensor;

/** Launches rmsnorm.cu. */
final class RmsNorm {
  private static final int PACKS = 2; // CACHED of rmsnorm.cu
  private static final int MOST_THREADS = 512;
  private static final int RESIDENT =
      768; // threads of a multiprocessor in the backward: MANY of rmsnorm.cu

  private final CudaDevice device;
  private final CudaMemory scratch;

  RmsNorm(CudaDevice device, CudaMemory scratch) {
    this.device = device;
    this.scratch = scratch;
  }

  /** The longest row whose gradient of the weights the scratch memory holds once. */
  static long mostHidden(long scratchBytes) {
    return scratchBytes / Float.BYTES;
  }

  void forward(Tensor x, Tensor weight, float epsilon, Tensor out) {
    long hidden = Require.columns(x);
    if (hidden == 0) {
      return;
    }
    Pack pack = Pack.ofRows(hidden, x, weight, out);
    device
        .kernel("rmsnorm", pack.kernel("rmsNorm", x.dtype()))
        .launch(
            Require.rows(x),
            Pack.threads(pack.of(hidden), PACKS, MOST_THREADS),
            x.address(),
            weight.address(),
            out.address(),
            hidden,
            Kernel.word(epsilon));
  }

  void backward(Tensor x, Tensor weight, float epsilon, Tensor dOut, Tensor dx, Tensor dWeight) {
    long hidden = Require.columns(x);
    long rows = Require.rows(x);
    if (hidden == 0 || rows == 0) {
      return;
    }
    Pack pack = Pack.ofRows(hidden, x, weight, dOut, dx);
    int threads = Pack.threads(pack.of(hidden), PACKS, MOST_THREADS);
    long resident = (long) device.multiprocessors() * (RESIDENT / threads);
    long blocks = Math.min(rows, Math.min(resident, scratch.bytes() / Float.BYTES / hidden));
    device
        .kernel("rmsnorm", pack.kernel("rmsNormBackward", x.dtype()))
        .launch(
            blocks,
            threads,
            x.address(),
            weight.address(),
            dOut.address(),
            dx.address(),
            scratch.address(),
            rows,
            hidden,
            Kernel.word(epsilon));
    device
        .kernel("rmsnorm", "addColumns")
        .launch(Pack.ceil(hidden, 32), 256, scratch.address(), blocks, hidden, dWeight.address());
  }
}
