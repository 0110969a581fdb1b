package ringattention.device.reference;

import static ringattention.device.reference.ReferenceDevice.doubles;
import static ringattention.device.reference.ReferenceDevice.integers;

import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import ringattention.device.Kernels;
import ringattention.device.Tensor;

/** Squared error of actions: the formulas of {@link Kernels} as loops. */
final class SquaredError {
  private SquaredError() {}

  static void lossAndGradient(
      Tensor outputs, Tensor targets, Tensor labels, double scale, Tensor lossSum) {
    int actions = ReferenceKernels.columns(outputs);
    DoubleBuffer z = doubles(outputs);
    DoubleBuffer target = doubles(targets);
    IntBuffer label = integers(labels);
    double loss = 0;
    for (int row = 0; row < label.limit(); row++) {
      for (int i = row * actions; i < (row + 1) * actions; i++) {
        double tanh = Math.tanh(z.get(i));
        double difference = tanh - target.get(i);
        boolean counts = label.get(row) >= 0;
        loss += counts ? difference * difference / actions : 0;
        z.put(i, counts ? scale * 2 / actions * difference * (1 - tanh * tanh) : 0);
      }
    }
    DoubleBuffer total = doubles(lossSum);
    total.put(0, total.get(0) + loss);
  }

  static void labelErrors(Tensor outputs, Tensor targets, Tensor labels, Tensor losses) {
    int actions = ReferenceKernels.columns(outputs);
    DoubleBuffer z = doubles(outputs);
    DoubleBuffer target = doubles(targets);
    IntBuffer label = integers(labels);
    DoubleBuffer out = doubles(losses);
    for (int row = 0; row < label.limit(); row++) {
      double sum = 0;
      for (int i = row * actions; i < (row + 1) * actions; i++) {
        sum += Math.pow(Math.tanh(z.get(i)) - target.get(i), 2);
      }
      out.put(2 * row, label.get(row) < 0 ? 0 : sum / actions);
      out.put(2 * row + 1, 0);
    }
  }
}
