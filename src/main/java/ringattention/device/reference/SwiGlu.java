package ringattention.device.reference;

import static ringattention.device.reference.ReferenceDevice.doubles;

import java.nio.DoubleBuffer;
import ringattention.device.Kernels;
import ringattention.device.Tensor;

/** The gate of the feed-forward: the formulas of {@link Kernels} as loops. */
final class SwiGlu {
  private SwiGlu() {}

  static void forward(Tensor gate, Tensor up, Tensor out) {
    DoubleBuffer gates = doubles(gate);
    DoubleBuffer ups = doubles(up);
    DoubleBuffer outs = doubles(out);
    for (int i = 0; i < outs.limit(); i++) {
      outs.put(i, gates.get(i) * sigmoid(gates.get(i)) * ups.get(i));
    }
  }

  static void backward(Tensor gate, Tensor up, Tensor dOut, Tensor dGate, Tensor dUp) {
    DoubleBuffer gates = doubles(gate);
    DoubleBuffer ups = doubles(up);
    DoubleBuffer dOuts = doubles(dOut);
    DoubleBuffer dGates = doubles(dGate);
    DoubleBuffer dUps = doubles(dUp);
    for (int i = 0; i < dOuts.limit(); i++) {
      double g = gates.get(i);
      double u = ups.get(i);
      double d = dOuts.get(i);
      double s = sigmoid(g);
      dGates.put(i, d * u * s * (1 + g * (1 - s)));
      dUps.put(i, d * g * s);
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
