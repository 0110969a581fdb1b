package ringattention.bench;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.Arrays;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * The device's own rate for one large square matrix product: what attention rates are held against.
 */
final class MatrixRate {
  private static final int SIZE = 1024;

  private MatrixRate() {}

  /** In FLOP/s, a multiply-add being two. */
  static double measure(Device device, Repeats repeats) {
    try (Arena arena = new Arena(device)) {
      Dim size = new Dim("size", SIZE);
      Tensor a = arena.allocate("a", ACTIVATIONS, device.compute(), size, size);
      Tensor b = arena.allocate("b", ACTIVATIONS, device.compute(), size, size);
      Tensor c = arena.allocate("c", ACTIVATIONS, device.sum(), size, size);
      double[] ones = new double[SIZE * SIZE];
      Arrays.fill(ones, 1);
      device.write(a, ones);
      device.write(b, ones);
      Runnable product =
          () -> {
            device.kernels().matmul(a, false, b, false, c, false);
            device.synchronize();
          };
      repeats.warm(product);
      double seconds = repeats.seconds(LocalCommunicator.single(), product);
      if (device.read(c.slice(0, 1))[0] != SIZE) {
        throw new IllegalStateException("the device's matrix product is wrong");
      }
      return 2.0 * SIZE * SIZE * SIZE / seconds;
    }
  }
}
