package ringattention.bench;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.Arrays;
import java.util.function.LongSupplier;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * The device's own rate for large square matrix products: what attention rates are held against.
 */
final class MatrixRate implements AutoCloseable {
  private static final int SIZE = 1024;
  private static final int PRODUCTS = 4; // as long as an attention of some thousand tokens

  private final Device device;
  private final LongSupplier clock;
  private final Arena arena;
  private final Tensor a; // [SIZE, SIZE], all ones, as are b and c
  private final Tensor b;
  private final Tensor c;

  /**
   * @param clock in nanoseconds
   */
  MatrixRate(Device device, LongSupplier clock) {
    this.device = device;
    this.clock = clock;
    this.arena = new Arena(device);
    Dim size = new Dim("size", SIZE);
    this.a = arena.allocate("a", ACTIVATIONS, device.compute(), size, size);
    this.b = arena.allocate("b", ACTIVATIONS, device.compute(), size, size);
    this.c = arena.allocate("c", ACTIVATIONS, device.sum(), size, size);
    double[] ones = new double[SIZE * SIZE];
    Arrays.fill(ones, 1);
    device.write(a, ones);
    device.write(b, ones);
    measure(); // warm-up
    if (device.read(c.slice(0, 1))[0] != SIZE) {
      throw new IllegalStateException("the device's matrix product is wrong");
    }
  }

  /** Now, in FLOP/s, a multiply-add being two. */
  double measure() {
    long start = clock.getAsLong();
    for (int i = 0; i < PRODUCTS; i++) {
      device.kernels().matmul(a, false, b, false, c, false);
    }
    device.synchronize();
    double seconds = (clock.getAsLong() - start) * 1e-9;
    return PRODUCTS * 2.0 * SIZE * SIZE * SIZE / seconds;
  }

  @Override
  public void close() {
    arena.close();
  }
}
