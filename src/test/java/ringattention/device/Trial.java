package ringattention.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import ringattention.device.reference.ReferenceDevice;

/**
 * One computation, run on the reference and on a device under test with the same inputs, its
 * results compared. Inputs are multiples of 1/64 below 2, exact in every element type down to
 * bfloat16, so that only the computation rounds. Every tensor lies between guard elements, once at
 * an address that is only aligned to its element, as slices are, and once at the start of a cache
 * line; guards and inputs must be intact afterwards.
 */
final class Trial {
  /**
   * Tolerance of an element-wise formula, in units of epsilon times the largest element: a handful
   * of operations, each off by half an epsilon, an exponential by two.
   */
  static final double FEW = 8;

  private static final int[] BEFORE = {3, 64}; // elements
  private static final int BEHIND = 16;
  private static final int GUARD = 12288; // exact in bfloat16

  private final Device device;
  private final int before;
  private final Arena arena;
  private final Random random = new Random(7);
  private final Map<Tensor, double[]> inputs = new LinkedHashMap<>();
  private final List<Tensor> guards = new ArrayList<>();
  private final Map<String, double[]> results = new LinkedHashMap<>();
  private final Map<String, Double> roundings = new LinkedHashMap<>();

  private Trial(Device device, int before) {
    this.device = device;
    this.before = before;
    this.arena = new Arena(device);
  }

  /**
   * Tolerance of n summed terms: roundings have random signs and add up like a random walk, so 4
   * standard deviations of sqrt(n) steps. A formula with a wrong term is off by far more, and so is
   * an exponential with only five good digits.
   */
  static double sum(long terms) {
    return FEW + 4 * Math.sqrt(terms);
  }

  /**
   * Runs the body on the reference and twice on every tested device: results must be near the
   * former, and the same bits twice.
   */
  static void compare(Consumer<Trial> body) {
    for (int before : BEFORE) {
      Trial expected = run(new ReferenceDevice(), before, body);
      assertTrue(!expected.results.isEmpty(), "the trial names no result");
      TestedDevices.all().forEach((device, make) -> compare(device, make, body, expected));
    }
  }

  private static void compare(
      String device, Supplier<Device> make, Consumer<Trial> body, Trial expected) {
    Trial actual = run(make.get(), expected.before, body);
    Trial again = run(make.get(), expected.before, body);
    double epsilon = actual.device.compute().epsilon();
    expected.results.forEach(
        (result, values) -> {
          String name = device + ": " + result;
          double[] computed = actual.results.get(result);
          assertClose(name, values, computed, expected.roundings.get(result) * epsilon);
          assertArrayEquals(
              computed, again.results.get(result), name + " differs between two runs");
        });
  }

  private static Trial run(Device device, int before, Consumer<Trial> body) {
    Trial trial = new Trial(device, before);
    try (device;
        trial.arena) {
      body.accept(trial);
      trial.requireUntouched();
    }
    assertEquals(0, device.allocatedBytes(), "bytes left allocated by a closed device");
    return trial;
  }

  private static void assertClose(
      String name, double[] expected, double[] actual, double relative) {
    assertEquals(expected.length, actual.length, name);
    double scale = 0;
    for (double value : expected) {
      scale = Math.max(scale, Double.isFinite(value) ? Math.abs(value) : 0);
    }
    for (int i = 0; i < expected.length; i++) {
      // equal first: minus infinity is a legal log-sum-exp; NaN is what poison left untouched
      boolean close =
          expected[i] == actual[i]
              || Double.isNaN(expected[i]) && Double.isNaN(actual[i])
              || Math.abs(actual[i] - expected[i]) <= relative * scale;
      assertTrue(
          close,
          name
              + "["
              + i
              + "] = "
              + actual[i]
              + ", reference "
              + expected[i]
              + ", allowed "
              + relative * scale);
    }
  }

  private void requireUntouched() {
    inputs.forEach(
        (input, values) ->
            assertArrayEquals(values, device.read(input), "input " + input + " was written"));
    guards.forEach(
        guard -> {
          for (double value : device.read(guard)) {
            assertEquals(GUARD, value, "written outside a tensor");
          }
        });
  }

  Kernels kernels() {
    return device.kernels();
  }

  BlockAttention attention() {
    return device.attention();
  }

  DecodeAttention decode() {
    return device.decode();
  }

  /** An input of the compute type. */
  Tensor random(long... shape) {
    return input(device.compute(), shape);
  }

  /** An input of the sum type. */
  Tensor randomSum(long... shape) {
    return input(device.sum(), shape);
  }

  /** An output of the compute type, full of NaN. */
  Tensor poisoned(long... shape) {
    return filled(device.compute(), Double.NaN, shape);
  }

  /** An output of the sum type, full of NaN. */
  Tensor poisonedSum(long... shape) {
    return filled(device.sum(), Double.NaN, shape);
  }

  Tensor constantSum(double value, long... shape) {
    return filled(device.sum(), value, shape);
  }

  /** An input of the compute type times a power of two, which is exact. */
  Tensor randomTimes(int factor, long... shape) {
    Tensor tensor = random(shape);
    double[] values = Arrays.stream(inputs.get(tensor)).map(x -> factor * x).toArray();
    device.write(tensor, values);
    inputs.put(tensor, values);
    return tensor;
  }

  Tensor integers(int... values) {
    Tensor tensor = guarded(DType.I32, values.length);
    device.write(tensor, values);
    inputs.put(tensor, device.read(tensor));
    return tensor;
  }

  /** An input of double precision on every device. */
  Tensor doubles(double... values) {
    Tensor tensor = guarded(DType.F64, values.length);
    device.write(tensor, values);
    inputs.put(tensor, values);
    return tensor;
  }

  /** Random integers in [0, bound). */
  Tensor randomIntegers(int bound, int count) {
    return integers(random.ints(count, 0, bound).toArray());
  }

  /**
   * Something the body computed.
   *
   * @param roundings the error allowed, in units of the compute type's epsilon times the largest
   *     element of the result
   */
  void result(String name, Tensor tensor, double roundings) {
    inputs.remove(tensor);
    result(name, roundings, device.read(tensor));
  }

  void result(String name, double roundings, double... values) {
    results.put(name, values);
    this.roundings.put(name, roundings);
  }

  private Tensor input(DType dtype, long... shape) {
    Tensor tensor = guarded(dtype, shape);
    double[] values =
        random.ints(tensor.elements(), -127, 128).mapToDouble(x -> x / 64.0).toArray();
    device.write(tensor, values);
    inputs.put(tensor, values);
    return tensor;
  }

  private Tensor filled(DType dtype, double value, long... shape) {
    Tensor tensor = guarded(dtype, shape);
    device.write(
        tensor, IntStream.range(0, (int) tensor.elements()).mapToDouble(i -> value).toArray());
    return tensor;
  }

  private Tensor guarded(DType dtype, long... shape) {
    long elements = new Tensor(null, 0, dtype, shape).elements();
    Dim extent = new Dim("elements", before + elements + BEHIND);
    Tensor whole =
        arena.allocate("tensor " + guards.size(), Allocator.Purpose.ACTIVATIONS, dtype, extent);
    for (Tensor guard :
        List.of(whole.slice(0, before), whole.slice(before + elements, extent.size()))) {
      device.write(
          guard, IntStream.range(0, (int) guard.elements()).mapToDouble(i -> GUARD).toArray());
      guards.add(guard);
    }
    return whole.slice(before, before + elements).view(shape);
  }
}
