package ringattention.bench.training;

import java.util.stream.IntStream;
import ringattention.metrics.Largest;

/**
 * Sum of coefficient[k] x^k.
 *
 * @param coefficients the constant first
 */
public record Polynomial(double... coefficients) {
  /**
   * The polynomial of a degree that is nearest to some points by the sum of squares.
   *
   * @param x more different values than the degree, 0 or above, not all 0
   */
  static Polynomial fit(int degree, double[] x, double[] y) {
    int size = degree + 1;
    if (x.length < size || x.length != y.length) {
      throw new IllegalArgumentException(x.length + " points for degree " + degree);
    }
    double scale = IntStream.range(0, x.length).mapToDouble(i -> x[i]).max().orElseThrow();
    double[][] rows = new double[size][size + 1]; // normal equations of x / scale
    for (int point = 0; point < x.length; point++) {
      for (int i = 0; i < size; i++) {
        double power = Math.pow(x[point] / scale, i);
        for (int j = 0; j < size; j++) {
          rows[i][j] += power * Math.pow(x[point] / scale, j);
        }
        rows[i][size] += power * y[point];
      }
    }
    double[] solution = solve(rows);
    for (int k = 0; k < size; k++) {
      solution[k] /= Math.pow(scale, k);
    }
    return new Polynomial(solution);
  }

  /** Gauss without pivots: the matrix is positive definite. */
  private static double[] solve(double[]... rows) {
    int size = rows.length;
    for (int pivot = 0; pivot < size; pivot++) {
      for (int row = pivot + 1; row < size; row++) {
        double factor = rows[row][pivot] / rows[pivot][pivot];
        for (int column = pivot; column <= size; column++) {
          rows[row][column] -= factor * rows[pivot][column];
        }
      }
    }
    double[] solution = new double[size];
    for (int row = size - 1; row >= 0; row--) {
      double value = rows[row][size];
      for (int column = row + 1; column < size; column++) {
        value -= rows[row][column] * solution[column];
      }
      solution[row] = value / rows[row][row];
    }
    return solution;
  }

  double coefficient(int power) {
    return coefficients[power];
  }

  double at(double x) {
    double value = 0;
    for (int k = coefficients.length - 1; k >= 0; k--) {
      value = value * x + coefficients[k];
    }
    return value;
  }

  /** The largest distance of the points, each relative to its y. */
  double relativeError(double[] x, double[] y) {
    return Largest.of(
        IntStream.range(0, x.length).mapToDouble(i -> Math.abs(at(x[i]) - y[i]) / Math.abs(y[i])));
  }
}
