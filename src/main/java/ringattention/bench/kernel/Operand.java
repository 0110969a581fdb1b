package ringattention.bench.kernel;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import ringattention.bench.RandomRows;
import ringattention.device.Allocator.Purpose;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * One argument of a kernel that works row by row.
 *
 * @param shared whether all rows use the same; otherwise the first dimension is the rows
 * @param extents of a row, or of the whole if shared
 */
public record Operand(String name, Role role, Kind kind, boolean shared, int... extents) {
  /** What a kernel does with it. */
  enum Role {
    READ,
    WRITE,
    UPDATE
  }

  /** Element type and contents. */
  enum Kind {
    /** Bell-shaped numbers of the compute type. */
    COMPUTE,
    /** Bell-shaped numbers of the sum type. */
    SUM,
    /** Squares of bell-shaped numbers, of the sum type. */
    SQUARES,
    /** The number of the row. */
    INDEX,
    /** F64, shared: frequencies of rotary embedding, 10000^(-i / extent). */
    FREQUENCIES
  }

  static Operand rows(String name, Role role, Kind kind, int... extents) {
    return new Operand(name, role, kind, false, extents);
  }

  static Operand shared(String name, Role role, Kind kind, int... extents) {
    return new Operand(name, role, kind, true, extents);
  }

  DType type(Device device) {
    return switch (kind) {
      case COMPUTE -> device.compute();
      case SUM, SQUARES -> device.sum();
      case INDEX -> DType.I32;
      case FREQUENCIES -> DType.F64;
    };
  }

  /** Elements of a row, or of the whole if shared. */
  int columns() {
    return IntStream.of(extents).reduce(1, Math::multiplyExact);
  }

  long elements(int rows) {
    return (shared ? 1L : rows) * columns();
  }

  boolean isResult() {
    return role != Role.READ;
  }

  Tensor allocate(Arena arena, Device device, String suffix, int rows) {
    LongStream whole = IntStream.of(extents).asLongStream();
    long[] shape = (shared ? whole : LongStream.concat(LongStream.of(rows), whole)).toArray();
    Dim[] dims =
        IntStream.range(0, shape.length)
            .mapToObj(i -> new Dim("extent " + i, shape[i]))
            .toArray(Dim[]::new);
    return arena.allocate(name + suffix, Purpose.ACTIVATIONS, type(device), dims);
  }

  /**
   * Fills it for these rows; what is only written becomes NaN.
   *
   * @param rounded what all numbers are rounded to
   */
  void load(Device device, Tensor to, DType rounded, int... rows) {
    if (role == Role.WRITE) {
      device.kernels().fill(to, Double.NaN);
    } else if (kind == Kind.INDEX) {
      device.write(to, rows);
    } else if (kind == Kind.FREQUENCIES) {
      double count = columns();
      device.write(
          to,
          IntStream.range(0, columns()).mapToDouble(i -> Math.pow(10000, -i / count)).toArray());
    } else {
      RandomRows numbers = new RandomRows(name, columns(), rounded);
      int[] own = shared ? new int[] {0} : rows;
      numbers.load(device, to, own, kind == Kind.SQUARES ? value -> value * value : value -> value);
    }
  }

  @Override
  public String toString() {
    return name + Arrays.toString(extents);
  }
}
