package ringattention.bench;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.Locale;
import java.util.function.LongSupplier;
import ringattention.comm.Communicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;
import ringattention.metrics.Statistics;

/**
 * The device's own rate for large square matrix products of random numbers (zeros and ones take
 * less power, so a GPU clocks higher): what attention rates are held against.
 */
public final class MatrixRate implements AutoCloseable {
  private static final int PRODUCTS = 4; // as long as an attention of some thousand tokens
  private static final int TIMES = 3;

  private final Device device;
  private final LongSupplier clock;
  private final int size;
  private final Arena arena;
  private final Tensor a; // [size, size], as are b and c
  private final Tensor b;
  private final Tensor c;

  /**
   * @param clock in nanoseconds
   */
  public MatrixRate(Device device, LongSupplier clock) {
    this.device = device;
    this.clock = clock;
    this.size = device.asynchronous() ? 8192 : 1024;
    this.arena = new Arena(device);
    Dim extent = new Dim("size", size);
    this.a = arena.allocate("a", ACTIVATIONS, device.compute(), extent, extent);
    this.b = arena.allocate("b", ACTIVATIONS, device.compute(), extent, extent);
    this.c = arena.allocate("c", ACTIVATIONS, device.sum(), extent, extent);
    RandomRows left = new RandomRows("a", size, device.compute());
    RandomRows right = new RandomRows("b", size, device.compute());
    left.load(device, a);
    right.load(device, b);
    device.kernels().fill(c, Double.NaN);
    measure(); // warm-up
    double expected = 0;
    for (int i = 0; i < size; i++) {
      expected += left.at(size - 1, i) * right.at(i, 0);
    }
    double found = device.read(c.slice(size - 1, size))[0];
    // a sum of size products of variance 1: wrong ones are off by about sqrt(size)
    if (!(Math.abs(found - expected) <= 1e-3 * Math.sqrt(size))) {
      throw new IllegalStateException("the device's matrix product is wrong");
    }
  }

  /** Now, in FLOP/s, a multiply-add being two. */
  public double measure() {
    device.synchronize();
    long start = clock.getAsLong();
    for (int i = 0; i < PRODUCTS; i++) {
      device.kernels().matmul(a, false, b, false, c, false);
    }
    device.synchronize();
    double seconds = (clock.getAsLong() - start) * 1e-9;
    return PRODUCTS * 2.0 * size * size * size / seconds;
  }

  /**
   * Returns the rate of one rank while all ranks measure at once, in FLOP/s: the mean over ranks,
   * which may share cores; the median of some times. Collective.
   */
  public double atOnce(Communicator ranks) {
    double[] rates = new double[TIMES];
    for (int i = 0; i < TIMES; i++) {
      ranks.barrier();
      rates[i] = ranks.allReduce(measure(), Communicator.Operation.SUM) / ranks.size();
    }
    return Statistics.of(rates).median();
  }

  /** Measures, and says it as a remark of a table. */
  public String remark() {
    double[] rates = new double[TIMES];
    for (int i = 0; i < TIMES; i++) {
      rates[i] = measure();
    }
    return String.format(
        Locale.ROOT,
        "matrix products of %d x %d x %d: %.1f GFLOP/s",
        size,
        size,
        size,
        Statistics.of(rates).median() * 1e-9);
  }

  @Override
  public void close() {
    arena.close();
  }
}
