package ringattention.device.reference;

import static ringattention.device.reference.ReferenceDevice.doubles;

import java.nio.DoubleBuffer;
import ringattention.device.Tensor;

/** The bias of a projection, one for all rows, and its gradient. */
final class Bias {
  private Bias() {}

  static void add(Tensor x, Tensor bias) {
    int width = Math.toIntExact(bias.elements());
    DoubleBuffer elements = doubles(x);
    DoubleBuffer added = doubles(bias);
    for (int i = 0; i < elements.limit(); i++) {
      elements.put(i, elements.get(i) + added.get(i % width));
    }
  }

  static void backward(Tensor dX, Tensor dBias) {
    int width = Math.toIntExact(dBias.elements());
    DoubleBuffer gradient = doubles(dX);
    DoubleBuffer sums = doubles(dBias);
    for (int i = 0; i < gradient.limit(); i++) {
      sums.put(i % width, sums.get(i % width) + gradient.get(i));
    }
  }
}
