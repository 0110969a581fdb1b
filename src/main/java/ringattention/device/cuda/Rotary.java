package ringattention.device.cuda;

import ringattention.device.RotaryTable;
import ringattention.device.Tensor;

/** Launches rotary.cu. */
final class Rotary {
  /** Cosines and sines of a head lie in shared memory. */
  static final int MOST_HEAD_SIZE = 48 * 1024 / Float.BYTES;

  private static final int VECTORS = 4; // of a thread, as in rotary.cu
  private static final int MOST_THREADS = 256;

  private final CudaDevice device;

  Rotary(CudaDevice device) {
    this.device = device;
  }

  void rotate(Tensor x, Tensor positions, RotaryTable table, boolean inverse) {
    if (x.elements() == 0) {
      return;
    }
    long vectors = Math.multiplyExact(x.dim(1), x.dim(2));
    long half = x.dim(3) / 2;
    Pack pack = Pack.ofRows(half, x);
    long work = Math.multiplyExact(pack.of(half), Pack.ceil(vectors, VECTORS));
    int threads = Pack.threads(work, 1, MOST_THREADS);
    device
        .kernel("rotary", pack.kernel("rotate", x.dtype()))
        .launch(
            x.dim(0),
            Math.toIntExact(Pack.ceil(work, threads)),
            threads,
            (int) (2 * half * Float.BYTES),
            x.address(),
            positions.address(),
            table.frequencies().address(),
            vectors,
            half,
            Kernel.word((float) table.magnitude()),
            Kernel.word(inverse ? -1f : 1f));
  }
}
