package ringattention.device.cpu;

import java.util.function.LongFunction;
import ringattention.device.Memory;
import ringattention.device.Tensor;

/**
 * What one thread of a device works with, so that no kernel allocates: windows onto tensors, rows
 * in the Java heap, two tiles of scores in native memory. Not shared between threads.
 */
final class Worker implements AutoCloseable {
  private static final int SLOTS = 8;

  private final Product product = new Product();
  private final Rotations rotations = new Rotations();
  private final ScoreTile scoreTile = new ScoreTile();
  private final Floats[] windows = new Floats[SLOTS];
  private final float[][] rows = new float[SLOTS][0];
  private final Memory scores;

  /**
   * @param allocate from the device, so that the tiles are counted
   */
  Worker(LongFunction<Memory> allocate) {
    for (int slot = 0; slot < SLOTS; slot++) {
      windows[slot] = new Floats();
    }
    scores = allocate.apply(ScoreTile.BYTES * 2);
  }

  /** Bytes of native memory a worker holds. */
  static long bytes() {
    return ScoreTile.BYTES * 2;
  }

  Product product() {
    return product;
  }

  Rotations rotations() {
    return rotations;
  }

  ScoreTile scoreTile() {
    return scoreTile;
  }

  /** Address of the first (0) or second (1) tile of scores. */
  long tile(int index) {
    return scores.address() + index * ScoreTile.BYTES;
  }

  /** Moves a window to a whole tensor. The window stays valid until the slot is used again. */
  Floats window(int slot, Tensor tensor) {
    return windows[slot].at(tensor.address(), tensor.elements());
  }

  /** Moves a window to some floats. */
  Floats window(int slot, long address, long elements) {
    return windows[slot].at(address, elements);
  }

  /**
   * An array of at least n elements and whole vectors, with whatever it held. Grows once and stays.
   */
  float[] row(int slot, int n) {
    if (rows[slot].length < VectorMath.padded(n)) {
      rows[slot] = new float[VectorMath.padded(n)];
    }
    return rows[slot];
  }

  @Override
  public void close() {
    scores.close();
  }
}
