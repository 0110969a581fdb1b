package ringattention.device.cuda;

import java.util.Arrays;
import ringattention.device.DType;
import ringattention.device.Tensor;

/** What the entry points ask of their arguments. Every message names the argument. */
final class Require {
  private Require() {}

  /** bf16 or fp32 of any shape. */
  static void floats(String name, Tensor tensor) {
    if (tensor.dtype() != DType.BF16 && tensor.dtype() != DType.F32) {
      throw new IllegalArgumentException(name + " is " + tensor + ", not BF16 or F32");
    }
  }

  /** This type, of any shape. */
  static void type(String name, Tensor tensor, DType dtype) {
    if (tensor.dtype() != dtype) {
      throw new IllegalArgumentException(name + " is " + tensor + ", not " + dtype);
    }
  }

  /** This type and shape. */
  static void shape(String name, Tensor tensor, DType dtype, long... shape) {
    if (tensor.dtype() != dtype || !Arrays.equals(tensor.shape(), shape)) {
      throw new IllegalArgumentException(
          name + " is " + tensor + ", not " + dtype + Arrays.toString(shape));
    }
  }

  /** This type with this many elements, in any shape. */
  static void elements(String name, Tensor tensor, DType dtype, long elements) {
    if (tensor.dtype() != dtype || tensor.elements() != elements) {
      throw new IllegalArgumentException(
          name + " is " + tensor + ", not " + dtype + " of " + elements + " elements");
    }
  }

  /** A length that kernels count in 32 bits, here with room for a stride. */
  static int length(String name, long length, long most) {
    if (length > most) {
      throw new IllegalArgumentException(name + " is " + length + ", more than " + most);
    }
    return (int) length;
  }

  /** Product of all dimensions but the last. */
  static long rows(Tensor tensor) {
    long rows = 1;
    for (int i = 0; i < tensor.rank() - 1; i++) {
      rows = Math.multiplyExact(rows, tensor.dim(i));
    }
    return rows;
  }

  /** The last dimension. */
  static long columns(Tensor tensor) {
    return tensor.dim(tensor.rank() - 1);
  }
}
