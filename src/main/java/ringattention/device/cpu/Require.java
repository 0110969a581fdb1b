package ringattention.device.cpu;

import java.util.Arrays;
import ringattention.device.DType;
import ringattention.device.Tensor;

/** What the entry points ask of their arguments. Every message names the argument. */
final class Require {
  private Require() {}

  /** fp32 of any shape. */
  static void floats(String name, Tensor tensor) {
    if (tensor.dtype() != DType.F32) {
      throw new IllegalArgumentException("cpu computes in F32, but " + name + " is " + tensor);
    }
  }

  /** fp32 of this shape. */
  static void floats(String name, Tensor tensor, long... shape) {
    floats(name, tensor);
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new IllegalArgumentException(
          name + " is " + tensor + ", not F32" + Arrays.toString(shape));
    }
  }

  /** fp32 with this many elements, in any shape. */
  static void elements(String name, Tensor tensor, long elements) {
    floats(name, tensor);
    if (tensor.elements() != elements) {
      throw new IllegalArgumentException(
          name + " is " + tensor + ", not of " + elements + " elements");
    }
  }

  /** 32-bit integers with this many elements. */
  static void integers(String name, Tensor tensor, long elements) {
    if (tensor.dtype() != DType.I32 || tensor.elements() != elements) {
      throw new IllegalArgumentException(
          name + " is " + tensor + ", not I32 of " + elements + " elements");
    }
  }

  /** fp64 with this many elements. */
  static void doubles(String name, Tensor tensor, long elements) {
    if (tensor.dtype() != DType.F64 || tensor.elements() != elements) {
      throw new IllegalArgumentException(
          name + " is " + tensor + ", not F64 of " + elements + " elements");
    }
  }

  /** Product of all dimensions but the last. */
  static long rows(Tensor tensor) {
    long rows = 1;
    for (int i = 0; i < tensor.rank() - 1; i++) {
      rows = Math.multiplyExact(rows, tensor.dim(i));
    }
    return rows;
  }

  /** The last dimension, as a length of Java arrays. */
  static int columns(Tensor tensor) {
    return Math.toIntExact(tensor.dim(tensor.rank() - 1));
  }
}
