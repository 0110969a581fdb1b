package ringattention.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** An array as NumPy stores it: numbers of one type in the order of rows (C order). */
public final class NpyArray {
  private final NpyType type;
  private final int[] shape;
  private final ByteBuffer data; // little-endian, position 0

  /**
   * @param data exactly the numbers of the shape; not copied
   */
  NpyArray(NpyType type, int[] shape, byte[] data) {
    if (data.length != (long) size(shape) * type.bytes()) {
      throw new IllegalArgumentException(
          data.length + " bytes for " + Arrays.toString(shape) + " of " + type);
    }
    this.type = type;
    this.shape = shape.clone();
    this.data = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Returns an array of 32-bit numbers.
   *
   * @param values as many as the shape has
   */
  public static NpyArray of(float[] values, int... shape) {
    ByteBuffer data = room(NpyType.FLOAT32, values.length);
    data.asFloatBuffer().put(values);
    return new NpyArray(NpyType.FLOAT32, shape, data.array());
  }

  /**
   * Returns an array of 64-bit numbers.
   *
   * @param values as many as the shape has
   */
  public static NpyArray of(double[] values, int... shape) {
    ByteBuffer data = room(NpyType.FLOAT64, values.length);
    data.asDoubleBuffer().put(values);
    return new NpyArray(NpyType.FLOAT64, shape, data.array());
  }

  /**
   * Returns an array of 64-bit integers.
   *
   * @param values as many as the shape has
   */
  public static NpyArray of(long[] values, int... shape) {
    ByteBuffer data = room(NpyType.INT64, values.length);
    data.asLongBuffer().put(values);
    return new NpyArray(NpyType.INT64, shape, data.array());
  }

  private static ByteBuffer room(NpyType type, int numbers) {
    return ByteBuffer.allocate(Math.multiplyExact(numbers, type.bytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int size(int[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  public NpyType type() {
    return type;
  }

  /** Returns the number of dimensions; a single number has none. */
  public int rank() {
    return shape.length;
  }

  /** Returns the length of a dimension, counted from 0. */
  public int length(int dimension) {
    return shape[dimension];
  }

  public int[] shape() {
    return shape.clone();
  }

  /** Returns how many numbers it has. */
  public int size() {
    return size(shape);
  }

  /** Returns the numbers in the order of rows; doubles are rounded, integers beyond 2^24 too. */
  public float[] floats() {
    float[] values = new float[size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) type.at(data, i);
    }
    return values;
  }

  /** Returns the numbers in the order of rows; integers beyond 2^53 are rounded. */
  public double[] doubles() {
    double[] values = new double[size()];
    Arrays.setAll(values, i -> type.at(data, i));
    return values;
  }

  /** Returns its bytes, for one who writes them. */
  ByteBuffer bytes() {
    return data.duplicate();
  }

  /** Returns type and shape, e.g. {@code <f4 (1001, 5)}. */
  @Override
  public String toString() {
    return type + " " + NpyHeader.text(shape);
  }
}
