package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import ringattention.device.Tensor;

/** The bias of a projection, one for all rows, and the sum over rows that is its gradient. */
final class Bias {
  private final Workers workers;

  Bias(Workers workers) {
    this.workers = workers;
  }

  void add(Tensor x, Tensor bias) {
    int width = Require.columns(x);
    long rows = Require.rows(x);
    workers.run(
        x.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] row = worker.row(0, width);
          float[] added = worker.row(1, width);
          worker.window(1, bias).get(0, added, 0, width);
          Floats xs = worker.window(0, x);
          long end = Workers.start(rows, part + 1, parts, 1);
          for (long at = Workers.start(rows, part, parts, 1); at < end; at++) {
            xs.get(at * width, row, 0, width);
            add(row, added, width);
            xs.put(at * width, row, 0, width);
          }
        });
  }

  void backward(Tensor dX, Tensor dBias) {
    int width = Require.columns(dX);
    long rows = Require.rows(dX);
    float[][] partials = new float[workers.count()][];
    workers.run(
        dX.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] row = worker.row(0, width);
          float[] sums = worker.row(1, width);
          Arrays.fill(sums, 0);
          Floats dXs = worker.window(0, dX);
          long end = Workers.start(rows, part + 1, parts, 1);
          for (long at = Workers.start(rows, part, parts, 1); at < end; at++) {
            dXs.get(at * width, row, 0, width);
            add(sums, row, width);
          }
          partials[part] = sums;
        });
    addPartials(partials, dBias, width);
  }

  /** to += more, of rows whose length is a multiple of a vector. */
  private static void add(float[] to, float[] more, int width) {
    for (int i = 0; i < width; i += WIDTH) {
      load(to, i).add(load(more, i)).intoArray(to, i);
    }
  }

  /**
   * Adds what workers have summed, in their order.
   *
   * @param partials by worker, null where one had nothing to do
   * @param to [width]
   */
  static void addPartials(float[][] partials, Tensor to, int width) {
    Floats window = new Floats().at(to.address(), width);
    float[] total = new float[VectorMath.padded(width)];
    window.get(0, total, 0, width);
    for (float[] partial : partials) {
      for (int i = 0; i < width && partial != null; i++) {
        total[i] += partial[i];
      }
    }
    window.put(0, total, 0, width);
  }
}
