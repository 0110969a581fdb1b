package ringattention.device.cuda;

import ringattention.device.HeadCopy;
import ringattention.device.Tensor;

/** Launches heads.cu. */
final class Heads {
  private static final int THREADS = 256;
  private static final int PACKS = 4; // of a thread, as in heads.cu

  private final CudaDevice device;

  Heads(CudaDevice device) {
    this.device = device;
  }

  void copy(Tensor from, Tensor to, HeadCopy copy) {
    if (copy.length() == 0) {
      return;
    }
    Pack pack = Pack.ofRows(from.dim(3), from, to); // so every head begins at a whole pack
    long packs = pack.of(copy.length());
    long blocks = Pack.ceil(Math.multiplyExact(copy.rows(), packs), (long) THREADS * PACKS);
    device
        .kernel("heads", pack.kernel("copyHeads", to.dtype(), from.dtype()))
        .launch(
            blocks,
            THREADS,
            from.address() + copy.fromStart() * from.dtype().bytes(),
            to.address() + copy.toStart() * to.dtype().bytes(),
            copy.rows(),
            packs,
            copy.fromRow(),
            copy.toRow());
  }
}
