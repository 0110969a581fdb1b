package ringattention.device.cuda;

import ringattention.device.DType;
import ringattention.device.Tensor;

/** Launches reductions.cu and brings the result to the host. */
final class Reductions {
  private static final int THREADS = 256;
  private static final int PACKS = 4; // of a thread at a time, as in reductions.cu
  private static final int RESIDENT = 8; // blocks of a multiprocessor
  private static final int MOST_BLOCKS = 8192;

  private final CudaDevice device;
  private final CudaMemory scratch;
  private final Tensor result;

  /**
   * @param scratch at least 64 KiB and 8 bytes
   */
  Reductions(CudaDevice device, CudaMemory scratch) {
    this.device = device;
    this.scratch = scratch;
    this.result = new Tensor(scratch, (long) MOST_BLOCKS * Double.BYTES, DType.F64, 1);
  }

  double sumOfSquares(Tensor x) {
    return x.elements() == 0 ? 0 : reduce(x, "sumOfSquares", "total");
  }

  long firstNonFinite(Tensor x) {
    return x.elements() == 0 ? -1 : (long) reduce(x, "firstNonFinite", "first");
  }

  private double reduce(Tensor x, String parts, String whole) {
    Pack pack = Pack.of(x);
    long full = Pack.ceil(x.elements(), (long) THREADS * PACKS * pack.elements());
    long resident = Math.min(MOST_BLOCKS, (long) device.multiprocessors() * RESIDENT);
    long blocks = Math.min(full, resident);
    device
        .kernel("reductions", pack.kernel(parts, x.dtype()))
        .launch(blocks, THREADS, x.address(), x.elements(), scratch.address());
    device
        .kernel("reductions", whole)
        .launch(1, THREADS, scratch.address(), blocks, result.address());
    return device.read(result)[0];
  }
}
