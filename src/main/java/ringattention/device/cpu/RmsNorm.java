package ringattention.device.cpu;

import static ringattention.device.cpu.VectorMath.WIDTH;
import static ringattention.device.cpu.VectorMath.all;
import static ringattention.device.cpu.VectorMath.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import ringattention.device.Tensor;

/** RMSNorm (Zhang and Sennrich 2019), row by row. */
final class RmsNorm {
  private final Workers workers;

  RmsNorm(Workers workers) {
    this.workers = workers;
  }

  void forward(Tensor x, Tensor weight, double epsilon, Tensor out) {
    int hidden = Require.columns(x);
    long rows = Require.rows(x);
    workers.run(
        x.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] xRow = worker.row(0, hidden);
          float[] scale = worker.row(1, hidden);
          VectorMath.pad(xRow, hidden, 0);
          worker.window(2, weight).get(0, scale, 0, hidden);
          Floats xs = worker.window(0, x);
          Floats outs = worker.window(1, out);
          long end = Workers.start(rows, part + 1, parts, 1);
          for (long row = Workers.start(rows, part, parts, 1); row < end; row++) {
            xs.get(row * hidden, xRow, 0, hidden);
            normalize(xRow, scale, hidden, inverse(xRow, hidden, epsilon));
            outs.put(row * hidden, xRow, 0, hidden);
            VectorMath.pad(xRow, hidden, 0);
          }
        });
  }

  void backward(Tensor x, Tensor weight, double epsilon, Tensor dOut, Tensor dx, Tensor dWeight) {
    int hidden = Require.columns(x);
    long rows = Require.rows(x);
    float[][] partials = new float[workers.count()][];
    workers.run(
        x.elements() > CpuKernels.SPLIT,
        (worker, part, parts) -> {
          float[] xRow = worker.row(0, hidden);
          float[] dOutRow = worker.row(1, hidden);
          float[] dxRow = worker.row(2, hidden);
          float[] scale = worker.row(3, hidden);
          float[] dScale = worker.row(4, hidden);
          Arrays.fill(dScale, 0);
          worker.window(3, weight).get(0, scale, 0, hidden);
          VectorMath.pad(scale, hidden, 0);
          VectorMath.pad(xRow, hidden, 0);
          Floats xs = worker.window(0, x);
          Floats dOuts = worker.window(1, dOut);
          Floats dxs = worker.window(2, dx);
          long end = Workers.start(rows, part + 1, parts, 1);
          for (long row = Workers.start(rows, part, parts, 1); row < end; row++) {
            xs.get(row * hidden, xRow, 0, hidden);
            dOuts.get(row * hidden, dOutRow, 0, hidden);
            dxs.get(row * hidden, dxRow, 0, hidden);
            double inverse = inverse(xRow, hidden, epsilon);
            weightGradient(xRow, dOutRow, dScale, hidden, (float) inverse);
            inputGradient(xRow, scale, dOutRow, dxRow, hidden, inverse);
            dxs.put(row * hidden, dxRow, 0, hidden);
          }
          partials[part] = dScale;
        });
    Bias.addPartials(partials, dWeight, hidden);
  }

  private static double inverse(float[] x, int hidden, double epsilon) {
    return 1 / Math.sqrt(VectorMath.dot(x, x, hidden) / hidden + epsilon);
  }

  private static void normalize(float[] x, float[] weight, int hidden, double inverse) {
    for (int i = 0; i < hidden; i += WIDTH) {
      load(x, i).mul((float) inverse).mul(load(weight, i)).intoArray(x, i);
    }
  }

  /** dWeight += dOut x / rms. */
  private static void weightGradient(
      float[] x, float[] dOut, float[] dWeight, int hidden, float inverse) {
    for (int i = 0; i < hidden; i += WIDTH) {
      load(x, i).mul(inverse).fma(load(dOut, i), load(dWeight, i)).intoArray(dWeight, i);
    }
  }

  /**
   * dx += weight dOut / rms - x dot(x, weight dOut) / (hidden rms^3); leaves weight dOut in dOut.
   */
  private static void inputGradient(
      float[] x, float[] weight, float[] dOut, float[] dx, int hidden, double inverse) {
    for (int i = 0; i < hidden; i += WIDTH) {
      load(weight, i).mul(load(dOut, i)).intoArray(dOut, i);
    }
    VectorMath.pad(dOut, hidden, 0);
    double dot = VectorMath.dot(x, dOut, hidden);
    FloatVector along = all((float) inverse);
    FloatVector back = all((float) (-dot * inverse * inverse * inverse / hidden));
    for (int i = 0; i < hidden; i += WIDTH) {
      FloatVector change = load(dOut, i).mul(along);
      load(dx, i).add(load(x, i).fma(back, change)).intoArray(dx, i);
    }
  }
}
