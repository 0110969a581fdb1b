package ringattention.device.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.Memory;
import ringattention.device.Tensor;

/** A CPU device and tensors on it with reproducible random values; closing frees all. */
final class Data implements AutoCloseable {
  private final Device device;
  private final List<Memory> memories = new ArrayList<>();
  private final Random random = new Random(20231003);

  Data(int threads) {
    device = new CpuDevice(threads);
  }

  Device device() {
    return device;
  }

  /** Uniform in [-1, 1), rounded to float. */
  Tensor random(long... shape) {
    return randomWithin(1, shape);
  }

  /** Uniform in [-bound, bound), rounded to float. */
  Tensor randomWithin(double bound, long... shape) {
    Tensor tensor = empty(DType.F32, shape);
    device.write(tensor, random.doubles(tensor.elements(), -bound, bound).toArray());
    return tensor;
  }

  Tensor filled(double value, long... shape) {
    Tensor tensor = empty(DType.F32, shape);
    double[] values = new double[Math.toIntExact(tensor.elements())];
    Arrays.fill(values, value);
    device.write(tensor, values);
    return tensor;
  }

  Tensor floats(double... values) {
    Tensor tensor = empty(DType.F32, values.length);
    device.write(tensor, values);
    return tensor;
  }

  Tensor doubles(double... values) {
    Tensor tensor = empty(DType.F64, values.length);
    device.write(tensor, values);
    return tensor;
  }

  Tensor integers(int... values) {
    Tensor tensor = empty(DType.I32, values.length);
    device.write(tensor, values);
    return tensor;
  }

  /** Uniform in [0, end). */
  Tensor integersBelow(int end, int count) {
    return integers(random.ints(count, 0, end).toArray());
  }

  double[] read(Tensor tensor) {
    return device.read(tensor);
  }

  private Tensor empty(DType dtype, long... shape) {
    Memory memory = device.allocate(new Tensor(null, 0, dtype, shape).bytes());
    memories.add(memory);
    return new Tensor(memory, 0, dtype, shape);
  }

  @Override
  public void close() {
    memories.forEach(Memory::close);
    device.close();
  }

  /** Returns the values of an expression at 0 to size - 1. */
  static double[] loop(int size, IntToDoubleFunction element) {
    return IntStream.range(0, size).mapToDouble(element).toArray();
  }
}
