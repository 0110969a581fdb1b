package ringattention.device.cuda;

import static org.bytedeco.cuda.global.cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
import static org.bytedeco.cuda.global.cudart.cuFuncSetAttribute;
import static org.bytedeco.cuda.global.cudart.cuLaunchKernel;

import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;

/** One compiled kernel. Its arguments are 8-byte words, of which the kernel takes what it needs. */
final class Kernel implements AutoCloseable {
  private static final int MOST_ARGUMENTS = 24;

  private final String name;
  private final CUfunc_st function;
  private final Stream stream;
  private final LongPointer words = new LongPointer(MOST_ARGUMENTS);
  private final PointerPointer<LongPointer> arguments = new PointerPointer<>(MOST_ARGUMENTS);
  private int allowedBytes = 48 << 10; // of shared memory: more must be asked for

  Kernel(String name, CUfunc_st function, Stream stream) {
    this.name = name;
    this.function = function;
    this.stream = stream;
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      arguments.put(i, Cuda.address(words.address() + (long) i * Long.BYTES));
    }
  }

  /**
   * Enqueues the kernel; nothing if the grid is empty.
   *
   * @param blocks of the grid, in one dimension
   * @param threads of a block
   * @param values pointers and integers as they are, others through {@link #word}
   */
  void launch(long blocks, int threads, long... values) {
    launch(blocks, 1, threads, 0, values);
  }

  /**
   * Launches like {@link #launch(long, int, long...)} on a grid of two dimensions.
   *
   * @param sharedBytes of dynamic shared memory
   */
  void launch(long blocksX, int blocksY, int threads, int sharedBytes, long... values) {
    if (blocksX == 0 || blocksY == 0) {
      return;
    }
    for (int i = 0; i < values.length; i++) {
      words.put(i, values[i]);
    }
    if (sharedBytes > allowedBytes) {
      Cuda.checkDriver(
          cuFuncSetAttribute(
              function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes),
          "shared memory of kernel " + name);
      allowedBytes = sharedBytes;
    }
    Cuda.checkDriver(
        cuLaunchKernel(
            function,
            Math.toIntExact(blocksX),
            blocksY,
            1,
            threads,
            1,
            1,
            sharedBytes,
            stream.handle(),
            arguments,
            null),
        "kernel " + name);
  }

  /** A float argument. */
  static long word(float value) {
    return Float.floatToRawIntBits(value);
  }

  /** A double argument. */
  static long word(double value) {
    return Double.doubleToRawLongBits(value);
  }

  @Override
  public void close() {
    arguments.close();
    words.close();
  }
}
