package ringattention.file;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** The kinds of numbers of NumPy's arrays that are read here: plain ones, the lowest byte first. */
public enum NpyType {
  BOOLEAN("|b1", 1),
  INT8("|i1", 1),
  UINT8("|u1", 1),
  INT16("<i2", 2),
  INT32("<i4", 4),
  INT64("<i8", 8),
  FLOAT32("<f4", 4),
  FLOAT64("<f8", 8);

  private final String description;
  private final int bytes;

  NpyType(String description, int bytes) {
    this.description = description;
    this.bytes = bytes;
  }

  /** Returns the one that NumPy calls so, e.g. {@code <f4}; empty if it is not among these. */
  static Optional<NpyType> of(String description) {
    return Arrays.stream(values()).filter(type -> type.description.equals(description)).findAny();
  }

  /** Returns the bytes of a number. */
  public int bytes() {
    return bytes;
  }

  /**
   * Returns a number as a double, to which 64-bit integers beyond 2^53 are rounded.
   *
   * @param data little-endian
   */
  double at(ByteBuffer data, int index) {
    return switch (this) {
      case BOOLEAN, INT8 -> data.get(index);
      case UINT8 -> Byte.toUnsignedInt(data.get(index));
      case INT16 -> data.getShort(index * bytes);
      case INT32 -> data.getInt(index * bytes);
      case INT64 -> data.getLong(index * bytes);
      case FLOAT32 -> data.getFloat(index * bytes);
      case FLOAT64 -> data.getDouble(index * bytes);
    };
  }

  /** Returns NumPy's name of it. */
  @Override
  public String toString() {
    return description;
  }
}
