package ringattention.device.cpu;

import java.util.Arrays;
import ringattention.device.Tensor;

/** Kernels that read a whole tensor for one number. */
final class Scans {
  /**
   * Elements of one partial sum, whoever computes it: the result does not depend on the number of
   * threads.
   */
  private static final int TILE = 4096;

  private final Workers workers;

  Scans(Workers workers) {
    this.workers = workers;
  }

  double sumOfSquares(Tensor x) {
    long elements = x.elements();
    double[] partials = new double[Math.toIntExact((elements + TILE - 1) / TILE)];
    workers.run(
        elements > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          long end = Workers.start(elements, part + 1, parts, TILE);
          float[] tile = worker.row(0, TILE);
          Floats window = worker.window(0, x);
          for (long at = Workers.start(elements, part, parts, TILE); at < end; at += TILE) {
            int n = (int) Math.min(TILE, end - at);
            window.get(at, tile, 0, n);
            VectorMath.pad(tile, n, 0);
            partials[(int) (at / TILE)] = sumOfSquares(tile, n);
          }
        });
    double sum = 0;
    for (double partial : partials) {
      sum += partial;
    }
    return sum;
  }

  /** Four sums side by side, because one would wait for each addition. */
  private static double sumOfSquares(float[] tile, int n) {
    double first = 0;
    double second = 0;
    double third = 0;
    double fourth = 0;
    int i = 0;
    for (; i + 4 <= n; i += 4) {
      first += (double) tile[i] * tile[i];
      second += (double) tile[i + 1] * tile[i + 1];
      third += (double) tile[i + 2] * tile[i + 2];
      fourth += (double) tile[i + 3] * tile[i + 3];
    }
    for (; i < n; i++) {
      first += (double) tile[i] * tile[i];
    }
    return (first + second) + (third + fourth);
  }

  long firstNonFinite(Tensor x) {
    long elements = x.elements();
    long[] found = new long[workers.count()];
    Arrays.fill(found, -1);
    workers.run(
        elements > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          long end = Workers.start(elements, part + 1, parts, TILE);
          float[] tile = worker.row(0, TILE);
          Floats window = worker.window(0, x);
          for (long at = Workers.start(elements, part, parts, TILE);
              at < end && found[part] < 0;
              at += TILE) {
            int n = (int) Math.min(TILE, end - at);
            window.get(at, tile, 0, n);
            int index = firstNonFinite(tile, n);
            found[part] = index < 0 ? -1 : at + index;
          }
        });
    for (long index : found) {
      if (index >= 0) {
        return index;
      }
    }
    return -1;
  }

  private static int firstNonFinite(float[] tile, int n) {
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(tile[i])) {
        return i;
      }
    }
    return -1;
  }
}
