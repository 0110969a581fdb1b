package ringattention.device.reference;

import java.util.Arrays;
import java.util.Random;
import ringattention.device.Allocator.Purpose;
import ringattention.device.Arena;
import ringattention.device.BlockAttention;
import ringattention.device.DType;
import ringattention.device.Dim;
import ringattention.device.Kernels;
import ringattention.device.Tensor;

/** Reference tensors made from and read into Java arrays, freed together. */
final class HostTensors implements AutoCloseable {
  private final ReferenceDevice device = new ReferenceDevice();
  private final Arena arena = new Arena(device);
  private int count;

  static double[] random(int seed, int size) {
    return new Random(seed).doubles(size, -1.5, 1.5).toArray();
  }

  Kernels kernels() {
    return device.kernels();
  }

  BlockAttention attention() {
    return device.attention();
  }

  Tensor of(double[] values, long... shape) {
    Tensor tensor = allocate(DType.F64, shape);
    device.write(tensor, values);
    return tensor;
  }

  Tensor constant(double value, long... shape) {
    Tensor tensor = allocate(DType.F64, shape);
    device.kernels().fill(tensor, value);
    return tensor;
  }

  Tensor poisoned(long... shape) {
    return constant(Double.NaN, shape);
  }

  Tensor integers(int... values) {
    Tensor tensor = allocate(DType.I32, values.length);
    device.write(tensor, values);
    return tensor;
  }

  double[] read(Tensor tensor) {
    return device.read(tensor);
  }

  private Tensor allocate(DType dtype, long... shape) {
    Dim[] dims = Arrays.stream(shape).mapToObj(size -> new Dim("extent", size)).toArray(Dim[]::new);
    return arena.allocate("tensor " + count++, Purpose.ACTIVATIONS, dtype, dims);
  }

  @Override
  public void close() {
    arena.close();
    device.close();
  }
}
