package ringattention.device.cuda;

import ringattention.device.Tensor;

/** Launches bias.cu. */
final class Bias {
  private static final int THREADS = 256;
  private static final int PACKS = 2; // of a thread, PACKS of bias.cu
  private static final int RESIDENT = 2048; // threads of a multiprocessor

  private final CudaDevice device;
  private final CudaMemory scratch;

  Bias(CudaDevice device, CudaMemory scratch) {
    this.device = device;
    this.scratch = scratch;
  }

  void add(Tensor x, Tensor bias) {
    if (x.elements() == 0) {
      return;
    }
    long width = Require.columns(x);
    Pack pack = Pack.ofRows(width, x, bias);
    device
        .kernel("bias", pack.kernel("addBias", x.dtype()))
        .launch(
            Pack.ceil(x.elements(), (long) THREADS * PACKS * pack.elements()),
            THREADS,
            x.address(),
            bias.address(),
            width,
            x.elements());
  }

  void backward(Tensor dX, Tensor dBias) {
    if (dX.elements() == 0) {
      return;
    }
    long width = Require.columns(dX);
    long rows = Require.rows(dX);
    Pack pack = Pack.ofRows(width, dX);
    int threads = Pack.threads(pack.of(width), 1, THREADS);
    long resident = (long) device.multiprocessors() * (RESIDENT / threads);
    long blocks = Math.min(rows, Math.min(resident, scratch.bytes() / Float.BYTES / width));
    device
        .kernel("bias", pack.kernel("addBiasBackward", dX.dtype()))
        .launch(blocks, threads, dX.address(), scratch.address(), rows, width);
    device
        .kernel("rmsnorm", "addColumns")
        .launch(Pack.ceil(width, 32), 256, scratch.address(), blocks, width, dBias.address());
  }
}
