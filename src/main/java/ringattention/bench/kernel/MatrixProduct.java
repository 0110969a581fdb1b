package ringattention.bench.kernel;

import static ringattention.device.Allocator.Purpose.ACTIVATIONS;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import ringattention.bench.RandomRows;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Dim;
import ringattention.device.Tensor;

/**
 * c = op(a) op(b), or c += op(a) op(b) in the sum type: [m, k] times [k, n]. Elements of c are
 * compared with float64 sums of the same random numbers.
 *
 * @param name what it is in a Transformer
 */
public record MatrixProduct(
    String name, int m, int k, int n, boolean transposeA, boolean transposeB, boolean accumulate)
    implements KernelCase {
  private static final int ROUNDINGS = 8;

  @Override
  public String kernel() {
    return "matmul_" + name;
  }

  @Override
  public String shape() {
    return m + "x" + k + "x" + n;
  }

  @Override
  public double flops() {
    return 2.0 * m * k * n;
  }

  @Override
  public double bytes(Device device) {
    double inputs = ((double) m * k + (double) k * n) * device.compute().bytes();
    return inputs + (double) m * n * type(device).bytes() * (accumulate ? 2 : 1);
  }

  private DType type(Device device) {
    return accumulate ? device.sum() : device.compute();
  }

  @Override
  public Trial open(Device device, int sets) {
    return new ProductTrial(device, sets);
  }

  /** The matrices on a device. */
  private final class ProductTrial implements Trial {
    private final Device device;
    private final Arena arena;
    private final RandomRows left;
    private final RandomRows right;
    private final List<Tensor> a = new ArrayList<>();
    private final List<Tensor> b = new ArrayList<>();
    private final List<Tensor> c = new ArrayList<>();

    ProductTrial(Device device, int sets) {
      this.device = device;
      this.arena = new Arena(device);
      this.left = new RandomRows("a", transposeA ? m : k, device.compute());
      this.right = new RandomRows("b", transposeB ? k : n, device.compute());
      for (int set = 0; set < sets; set++) {
        a.add(matrix("a." + set, device.compute(), transposeA ? k : m, transposeA ? m : k));
        b.add(matrix("b." + set, device.compute(), transposeB ? n : k, transposeB ? k : n));
        c.add(matrix("c." + set, type(device), m, n));
        left.load(device, a.get(set));
        right.load(device, b.get(set));
        device.kernels().fill(c.get(set), accumulate ? 1 : Double.NaN);
      }
    }

    private Tensor matrix(String label, DType type, int rows, int columns) {
      return arena.allocate(
          label, ACTIVATIONS, type, new Dim("rows", rows), new Dim("columns", columns));
    }

    @Override
    public void pass(int set) {
      device
          .kernels()
          .matmul(a.get(set), transposeA, b.get(set), transposeB, c.get(set), accumulate);
    }

    @Override
    public long wrong() {
      pass(0);
      double allowed =
          (ROUNDINGS * type(device).epsilon() + 3 * Math.sqrt(k) * device.sum().epsilon())
              * 3
              * Math.sqrt(k); // three standard deviations of an element
      int[] columns = IntStream.of(0, 1, n / 3, n / 2, n - 1).distinct().toArray();
      long wrong = 0;
      for (int row : IntStream.of(0, 1, m / 2, m - 1).distinct().toArray()) {
        double[] found = device.read(c.get(0).slice(row, row + 1));
        for (int column : columns) {
          double error = Math.abs(found[column] - exact(row, column));
          if (!(error <= allowed)) {
            wrong++;
          }
        }
      }
      return wrong;
    }

    private double exact(int row, int column) {
      double sum = accumulate ? 1 : 0;
      for (int i = 0; i < k; i++) {
        double x = transposeA ? left.at(i, row) : left.at(row, i);
        double y = transposeB ? right.at(column, i) : right.at(i, column);
        sum += x * y;
      }
      return sum;
    }

    @Override
    public void close() {
      arena.close();
    }
  }
}
