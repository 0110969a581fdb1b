package ringattention.bench;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Tensor;
import ringattention.random.Seed;

/**
 * A matrix of bell-shaped numbers of variance 1 whose every element is known without reading it
 * back, rounded to a type of the device.
 */
public final class RandomRows {
  private static final int PIECE = 1 << 22; // elements on the host at a time

  private final Seed numbers;
  private final int columns;
  private final DType rounded;

  public RandomRows(String name, int columns, DType rounded) {
    this.numbers = Seed.of(1, name);
    this.columns = columns;
    this.rounded = rounded;
  }

  public double at(long row, int column) {
    float value = (float) numbers.bell(row * columns + column);
    return rounded == DType.BF16
        ? Float.intBitsToFloat(Float.floatToIntBits(value) & 0xFFFF0000)
        : value;
  }

  /** Writes rows from 0 to the tensor's. */
  public void load(Device device, Tensor to) {
    int count = Math.toIntExact(to.elements() / columns);
    load(device, to, IntStream.range(0, count).toArray(), value -> value);
  }

  /**
   * Writes some rows, in pieces.
   *
   * @param to of as many rows
   * @param change applied to every number
   */
  public void load(Device device, Tensor to, int[] rows, DoubleUnaryOperator change) {
    Tensor matrix = to.view(rows.length, columns);
    int piece = Math.max(1, PIECE / columns);
    for (int from = 0; from < rows.length; from += piece) {
      int end = Math.min(rows.length, from + piece);
      int[] some = Arrays.copyOfRange(rows, from, end);
      device.write(matrix.slice(from, end), values(some, change));
    }
  }

  private double[] values(int[] rows, DoubleUnaryOperator change) {
    double[] values = new double[rows.length * columns];
    IntStream.range(0, rows.length)
        .parallel()
        .forEach(
            i -> {
              for (int column = 0; column < columns; column++) {
                values[i * columns + column] = change.applyAsDouble(at(rows[i], column));
              }
            });
    return values;
  }
}
