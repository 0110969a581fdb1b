package ringattention.device.cpu;

import ringattention.device.HeadCopy;
import ringattention.device.Tensor;

/** Copies neighbouring heads of every row. */
final class Heads {
  private final Workers workers;

  Heads(Workers workers) {
    this.workers = workers;
  }

  void copy(Tensor from, Tensor to, HeadCopy copy) {
    int length = Math.toIntExact(copy.length());
    workers.run(
        copy.rows() * length > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          Floats source = worker.window(0, from);
          Floats target = worker.window(1, to);
          float[] heads = worker.row(0, length);
          long end = Workers.start(copy.rows(), part + 1, parts, 1);
          for (long row = Workers.start(copy.rows(), part, parts, 1); row < end; row++) {
            source.get(row * copy.fromRow() + copy.fromStart(), heads, 0, length);
            target.put(row * copy.toRow() + copy.toStart(), heads, 0, length);
          }
        });
  }
}
