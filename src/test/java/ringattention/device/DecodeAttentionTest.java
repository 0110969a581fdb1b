package ringattention.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;

/** Attention over a cache against sums written out here, on every device. */
class DecodeAttentionTest {
  private static final int SLOTS = 1500;

  /** Extents, and who sees what. */
  private record Case(int rows, int keyValueHeads, int group, int headSize, int... segments) {
    int heads() {
      return keyValueHeads * group;
    }

    @Override
    public String toString() {
      return rows + " rows, " + heads() + "/" + keyValueHeads + " heads of " + headSize;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(1, 1, 1, 8, 0, 1, 3, 4),
        new Case(1, 2, 4, 64, 0, 1, 0, 1500),
        new Case(1, 1, 8, 80, 0, 1, 17, 1100, 0, 1, 1300, 1301, 0, 1, 5, 5),
        new Case(2, 2, 2, 128, 0, 2, 100, 229, 1, 2, 400, 463, 0, 1, 464, 529),
        new Case(2, 1, 1, 64, 1, 2, 0, 63), // row 0 sees nothing
        new Case(5, 2, 1, 80, 0, 5, 1, 66, 1, 4, 700, 1499, 2, 3, 100, 101, 3, 3, 0, 9),
        new Case(5, 4, 2, 8, 4, 5, 0, 64, 0, 2, 64, 128, 1, 3, 1000, 1500, 4, 5, 128, 129),
        new Case(17, 1, 4, 128, 0, 17, 31, 1031, 3, 4, 1040, 1110, 16, 17, 1111, 1200),
        new Case(17, 2, 2, 72, 0, 8, 0, 640, 8, 17, 640, 1281));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void seesItsSegmentsAndNothingElse(Case x) {
    inputs("reference", new ReferenceDevice(), x, 0, 1e-12);
    TestedDevices.all().forEach((name, make) -> inputs(name, make.get(), x, 1, Double.NaN));
  }

  /** Compares with sums in double precision over the numbers that the device holds. */
  private static void inputs(String name, Device device, Case x, int seed, double allowed) {
    try (device;
        Tensors tensors = new Tensors(device, seed)) {
      Tensor q = tensors.random(x.rows, x.heads(), x.headSize);
      Tensor keys = tensors.cache(x);
      Tensor values = tensors.cache(x);
      Tensor segments = tensors.integers(x.segments).view(x.segments.length / 4, 4);
      Tensor partial = tensors.sums(x.rows, x.heads(), x.headSize + 1);
      device.decode().attend(q, keys, values, segments, partial);
      double[] first = device.read(partial);
      device.decode().attend(q, keys, values, segments, partial);
      assertArrayEquals(first, device.read(partial), name + " gives other bits again");
      double steps =
          Double.isNaN(allowed) ? Trial.sum(2L * x.headSize) * device.compute().epsilon() : allowed;
      double[] expected = naive(x, device.read(q), device.read(keys), device.read(values));
      assertNear(name + ", " + x, expected, first, steps);
    }
  }

  private static double[] naive(Case x, double[] q, double[] keys, double[] values) {
    double[] partial = new double[x.rows * x.heads() * (x.headSize + 1)];
    for (int lane = 0; lane < x.rows * x.heads(); lane++) {
      int row = lane / x.heads();
      int keyHead = lane % x.heads() / x.group;
      double sum = 0;
      double[] out = new double[x.headSize];
      for (int s = 0; s < x.segments.length; s += 4) {
        if (x.segments[s] <= row && row < x.segments[s + 1]) {
          for (int slot = x.segments[s + 2]; slot < x.segments[s + 3]; slot++) {
            int at = (slot * x.keyValueHeads + keyHead) * x.headSize;
            double score = 0;
            for (int d = 0; d < x.headSize; d++) {
              score += q[lane * x.headSize + d] * keys[at + d];
            }
            double weight = Math.exp(score / Math.sqrt(x.headSize));
            sum += weight;
            for (int d = 0; d < x.headSize; d++) {
              out[d] += weight * values[at + d];
            }
          }
        }
      }
      for (int d = 0; d < x.headSize && sum > 0; d++) {
        partial[lane * (x.headSize + 1) + d] = out[d] / sum;
      }
      partial[lane * (x.headSize + 1) + x.headSize] = Math.log(sum);
    }
    return partial;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aRowHasItsBitsAlone(Case x) {
    alone(new ReferenceDevice(), x);
    alone(new CpuDevice(2), x);
  }

  private static void alone(Device device, Case x) {
    try (device;
        Tensors tensors = new Tensors(device, 2)) {
      Tensor q = tensors.random(x.rows, x.heads(), x.headSize);
      Tensor keys = tensors.cache(x);
      Tensor values = tensors.cache(x);
      Tensor partial = tensors.sums(x.rows, x.heads(), x.headSize + 1);
      device.decode().attend(q, keys, values, tensors.segments(x.segments), partial);
      for (int row = 0; row < x.rows; row++) {
        int own = row;
        int[] seen =
            IntStream.range(0, x.segments.length / 4)
                .filter(s -> x.segments[4 * s] <= own && own < x.segments[4 * s + 1])
                .flatMap(s -> IntStream.of(0, 1, x.segments[4 * s + 2], x.segments[4 * s + 3]))
                .toArray();
        Tensor one = tensors.sums(1, x.heads(), x.headSize + 1);
        device.decode().attend(q.slice(row, row + 1), keys, values, tensors.segments(seen), one);
        assertArrayEquals(
            device.read(partial.slice(row, row + 1)), device.read(one), x + ", row " + row);
      }
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBits() {
    Case x = new Case(5, 2, 4, 64, 0, 5, 0, 1301, 2, 3, 1400, 1500);
    double[] one = null;
    for (int threads = 1; threads <= 3; threads++) {
      try (Device device = new CpuDevice(threads);
          Tensors tensors = new Tensors(device, 3)) {
        Tensor q = tensors.random(x.rows, x.heads(), x.headSize);
        Tensor keys = tensors.cache(x);
        Tensor partial = tensors.sums(x.rows, x.heads(), x.headSize + 1);
        device.decode().attend(q, keys, keys, tensors.segments(x.segments), partial);
        double[] bits = device.read(partial);
        one = one == null ? bits : one;
        assertArrayEquals(one, bits, threads + " threads");
      }
    }
  }

  /** Three ranks' parts of what one rank sees; lane 0 was seen by none, others by some. */
  @Test
  void mergesWhatRanksHaveSeen() {
    Case x = new Case(3, 2, 2, 64);
    int[][] ranks = {{1, 3, 0, 500}, {}, {2, 3, 600, 1500}};
    int[] all = {1, 3, 0, 500, 2, 3, 600, 1500};
    List<Device> devices = new ArrayList<>(List.of(new ReferenceDevice()));
    TestedDevices.all().values().forEach(make -> devices.add(make.get()));
    for (Device device : devices) {
      try (device;
          Tensors tensors = new Tensors(device, 4)) {
        Tensor q = tensors.random(x.rows, x.heads(), x.headSize);
        Tensor keys = tensors.random(SLOTS, x.keyValueHeads, x.headSize);
        Tensor values = tensors.random(SLOTS, x.keyValueHeads, x.headSize);
        Tensor parts = tensors.sums(ranks.length, x.rows, x.heads(), x.headSize + 1);
        for (int rank = 0; rank < ranks.length; rank++) {
          Tensor part = parts.slice(rank, rank + 1).view(x.rows, x.heads(), x.headSize + 1);
          device.decode().attend(q, keys, values, tensors.segments(ranks[rank]), part);
        }
        Tensor whole = tensors.sums(x.rows, x.heads(), x.headSize + 1);
        device.decode().attend(q, keys, values, tensors.segments(all), whole);
        Tensor out = tensors.filled(device.compute(), x.rows, x.heads(), x.headSize);
        device.decode().merge(parts, out);
        double[] expected = withoutLast(device.read(whole), x.headSize + 1);
        double steps = Trial.FEW * device.compute().epsilon();
        assertNear(device.name(), expected, device.read(out), steps);
        assertEquals(0, Arrays.stream(device.read(out.slice(0, 1))).map(Math::abs).sum());
      }
    }
  }

  private static double[] withoutLast(double[] rows, int width) {
    return IntStream.range(0, rows.length)
        .filter(i -> i % width < width - 1)
        .mapToDouble(i -> rows[i])
        .toArray();
  }

  @Test
  void storesWhereASlotSays() {
    List<Device> devices = new ArrayList<>(List.of(new ReferenceDevice()));
    TestedDevices.all().values().forEach(make -> devices.add(make.get()));
    for (Device device : devices) {
      try (device;
          Tensors tensors = new Tensors(device, 5)) {
        Tensor from = tensors.random(4, 3, 10);
        Tensor to = tensors.filled(device.compute(), 6, 3, 10);
        device.decode().store(from, tensors.integers(5, -1, 0, 2), to);
        double[] expected = new double[6 * 30];
        Arrays.fill(expected, Double.NaN);
        double[] rows = device.read(from);
        System.arraycopy(rows, 0, expected, 5 * 30, 30);
        System.arraycopy(rows, 60, expected, 0, 30);
        System.arraycopy(rows, 90, expected, 2 * 30, 30);
        assertArrayEquals(expected, device.read(to), device.name());
      }
    }
  }

  @Test
  void refusesSegmentsOutsideAndOtherShapes() {
    try (Device device = new CpuDevice(1);
        Tensors tensors = new Tensors(device, 6)) {
      Tensor q = tensors.random(2, 2, 8);
      Tensor keys = tensors.random(9, 1, 8);
      Tensor partial = tensors.sums(2, 2, 9);
      for (int[] segment :
          new int[][] {
            {0, 3, 0, 1}, {0, 1, 0, 10}, {1, 0, 0, 1}, {0, 1, 2, 1}, {-1, 0, 0, 0}, {0, 1, -1, 0}
          }) {
        Tensor segments = tensors.segments(segment);
        assertThrows(
            IllegalArgumentException.class,
            () -> device.decode().attend(q, keys, keys, segments, partial),
            Arrays.toString(segment));
      }
      Tensor none = tensors.segments();
      Tensor otherHeads = tensors.random(9, 2, 8);
      assertThrows(
          IllegalArgumentException.class,
          () -> device.decode().attend(q, keys, otherHeads, none, partial));
      assertThrows(
          IllegalArgumentException.class,
          () -> device.decode().attend(q, keys, keys, none, tensors.sums(2, 2, 8)));
    }
  }

  @Test
  void holdsTheWorkspaceThatAPlanCounts() {
    TestedDevices.all()
        .forEach(
            (name, make) -> {
              Case x = new Case(5, 2, 4, 64, 0, 5, 0, 1301);
              try (Device device = make.get();
                  Tensors tensors = new Tensors(device, 7)) {
                long before = device.allocatedBytes();
                device.reserveDecode(
                    x.rows, new HeadCounts(x.heads(), x.keyValueHeads, x.headSize));
                assertEquals(
                    device.decodeWorkspaceBytes(
                        x.rows, new HeadCounts(x.heads(), x.keyValueHeads, x.headSize)),
                    device.allocatedBytes() - before,
                    name);
                Tensor q = tensors.random(x.rows, x.heads(), x.headSize);
                Tensor keys = tensors.cache(x);
                Tensor partial = tensors.sums(x.rows, x.heads(), x.headSize + 1);
                Tensor segments = tensors.segments(x.segments);
                long held = device.allocatedBytes();
                device.decode().attend(q, keys, keys, segments, partial);
                assertEquals(held, device.allocatedBytes(), name + " allocated in a call");
              }
            });
  }

  /** Each output row relative to 1, each log-sum-exp to its size. */
  private static void assertNear(String name, double[] expected, double[] actual, double steps) {
    for (int i = 0; i < expected.length; i++) {
      double distance = Math.abs(expected[i] - actual[i]);
      assertTrue(
          expected[i] == actual[i] || distance <= steps * Math.max(1, Math.abs(expected[i])),
          name + ": [" + i + "] is " + actual[i] + ", not " + expected[i]);
    }
  }

  /** Tensors of a device, freed together. */
  private static final class Tensors implements AutoCloseable {
    private final Device device;
    private final Random random;
    private final List<Memory> memories = new ArrayList<>();

    Tensors(Device device, int seed) {
      this.device = device;
      this.random = new Random(seed);
    }

    /** Multiples of 1/64 below 2, exact in every type. */
    Tensor random(long... shape) {
      Tensor tensor = allocate(device.compute(), shape);
      device.write(
          tensor, random.ints(tensor.elements(), -127, 128).mapToDouble(x -> x / 64.0).toArray());
      return tensor;
    }

    /** A cache that is NaN where no segment is. */
    Tensor cache(Case x) {
      Tensor tensor = allocate(device.compute(), SLOTS, x.keyValueHeads, x.headSize);
      int width = x.keyValueHeads * x.headSize;
      double[] values = new double[SLOTS * width];
      for (int i = 0; i < values.length; i++) {
        int slot = i / width;
        double value = random.nextInt(-127, 128) / 64.0;
        boolean seen =
            IntStream.range(0, x.segments.length / 4)
                .filter(s -> x.segments[4 * s] < x.segments[4 * s + 1])
                .anyMatch(s -> x.segments[4 * s + 2] <= slot && slot < x.segments[4 * s + 3]);
        values[i] = seen ? value : Double.NaN;
      }
      device.write(tensor, values);
      return tensor;
    }

    Tensor sums(long... shape) {
      return filled(device.sum(), shape);
    }

    /** Full of NaN. */
    Tensor filled(DType dtype, long... shape) {
      Tensor tensor = allocate(dtype, shape);
      double[] values = new double[(int) tensor.elements()];
      Arrays.fill(values, Double.NaN);
      device.write(tensor, values);
      return tensor;
    }

    Tensor segments(int... values) {
      return integers(values).view(values.length / 4, 4);
    }

    Tensor integers(int... values) {
      Tensor tensor = allocate(DType.I32, values.length);
      device.write(tensor, values);
      return tensor;
    }

    private Tensor allocate(DType dtype, long... shape) {
      Memory memory = device.allocate(Math.max(1, new Tensor(null, 0, dtype, shape).bytes()));
      memories.add(memory);
      return new Tensor(memory, 0, dtype, shape);
    }

    @Override
    public void close() {
      memories.forEach(Memory::close);
    }
  }
}
