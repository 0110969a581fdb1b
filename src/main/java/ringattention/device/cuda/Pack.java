package ringattention.device.cuda;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import ringattention.device.DType;
import ringattention.device.Tensor;

/**
 * How many neighbouring elements the threads of a kernel take at once: as many as 16 bytes hold of
 * the largest type, or one where an address or a row is not a multiple of that.
 */
record Pack(int elements) {
  private static final int BYTES = 16;

  /** For tensors without rows. */
  static Pack of(Tensor... tensors) {
    return ofRows(0, tensors);
  }

  /**
   * For tensors of rows this long.
   *
   * @param length elements; every row must begin at a whole pack
   */
  static Pack ofRows(long length, Tensor... tensors) {
    int largest = Arrays.stream(tensors).mapToInt(tensor -> tensor.dtype().bytes()).max().orElse(1);
    int elements = BYTES / largest;
    boolean whole =
        Arrays.stream(tensors)
            .allMatch(tensor -> tensor.address() % ((long) elements * tensor.dtype().bytes()) == 0);
    return new Pack(whole && length % elements == 0 ? elements : 1);
  }

  /** The name of a kernel for these element types: {@code add_f32_bf16}, {@code add_f32_single}. */
  String kernel(String name, DType... dtypes) {
    String types =
        Arrays.stream(dtypes)
            .map(dtype -> "_" + dtype.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining());
    return name + types + (elements == 1 ? "_single" : "");
  }

  /** Packs of a row. */
  long of(long length) {
    return length / elements;
  }

  /** A multiple of 32 threads, so that each has about this many of the packs. */
  static int threads(long packs, int each, int most) {
    long warps = ceil(ceil(packs, each), 32);
    return (int) Math.max(1, Math.min(warps, most / 32)) * 32;
  }

  /** Quotient rounded up. */
  static long ceil(long dividend, long divisor) {
    return (dividend + divisor - 1) / divisor;
  }
}
