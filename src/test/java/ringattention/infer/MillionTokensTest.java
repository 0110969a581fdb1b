package ringattention.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;
import ringattention.device.Allocator.Purpose;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.DecodeAttention;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.Dim;
import ringattention.device.MemoryPlan;
import ringattention.device.Tensor;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.cuda.CudaTraits;
import ringattention.input.Configuration;
import ringattention.metrics.DecodeRates;
import ringattention.metrics.Hardware;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.shard.LayoutKind;

/** Prompts of a million tokens and more: sizes, slots and addresses beyond 31 bits. */
class MillionTokensTest {
  private static final int MILLION = 1 << 20;
  private static final DeviceTraits GPU =
      CudaTraits.planned(DType.BF16, false, Integer.MAX_VALUE, 989e12);

  private static InferencePlan plan(int world, CacheNeed need, String... keys) {
    String[] model = {
      "model.vocabulary=128256",
      "model.hidden=4096",
      "model.layers=32",
      "model.heads=32",
      "model.keyValueHeads=8",
      "model.feedForward=14336"
    };
    List<String> all = new ArrayList<>(List.of(model));
    all.addAll(List.of(keys));
    Configuration configuration = Sections.INPUTS.defaults(all);
    MemoryLimits limits =
        MemoryLimits.of(
            Hardware.H200, configuration.get(MemoryConfig.SECTION), world, Long.MAX_VALUE);
    return InferencePlan.of(configuration, world, 1, need, GPU, limits, DecodeRates.of(false));
  }

  /** An 8B model with resident weights: two H200s hold it, one does not; four are faster. */
  @Test
  void aMillionTokensOnFourGpus() {
    CacheNeed need = new CacheNeed(MILLION, List.of(MILLION), List.of(128));
    InferencePlan plan = plan(4, need);
    assertEquals(4, plan.shape().ranks());
    assertTrue(plan.shape().resident());
    assertTrue(plan.longestPrompt() >= MILLION);
    long cache =
        plan.memory(3, GPU).buffers().stream()
            .filter(buffer -> buffer.purpose() == Purpose.CACHE)
            .mapToLong(MemoryPlan.Buffer::bytes)
            .sum();
    long expected = 2L * 32 * 8 * 128 * 2 * plan.shape().slots();
    assertEquals(expected, cache);
    assertTrue(cache > MILLION / 4 * 2L * 32 * 8 * 128 * 2);
    assertEquals(2, plan(2, need).shape().ranks());
    InferencePlan one = plan(1, need);
    assertTrue(one.longestPrompt() < MILLION, one.why());
    assertTrue(one.longestPrompt() > 800_000, one.why());
  }

  /** Ranks that wait hold nothing, wherever they are. */
  @Test
  void fewerRanksForAShortPromptOnTheSameGpus() {
    InferencePlan plan = plan(4, new CacheNeed(9000, List.of(9000), List.of(128)));
    assertEquals(1, plan.shape().ranks());
    assertTrue(plan.choice().startsWith("1 of 4 ranks holds the cache: over 9128 tokens"));
    assertTrue(plan.memory(0, GPU).bytes() > 16_000_000_000L);
    assertEquals(0, plan.memory(1, GPU).bytes());
    assertEquals(3, plan(4, CacheNeed.UNKNOWN, "infer.ranks=3").shape().ranks());
  }

  /** Every position is held once, and what is held is counted right. */
  @ParameterizedTest
  @CsvSource({"1048576, 4, 32768", "1048583, 3, 32769", "3000001, 8, 65536"})
  void everyPositionOnce(int tokens, int ranks, int chunk) {
    PrefixLayout layout = new PrefixLayout(LayoutKind.ZIGZAG, tokens, ranks, chunk);
    boolean[] held = new boolean[tokens];
    for (int rank = 0; rank < ranks; rank++) {
      int count = 0;
      for (var part : layout.chunks()) {
        for (int position : part.positions(rank)) {
          assertEquals(false, held[position]);
          held[position] = true;
          count++;
        }
      }
      assertEquals(layout.heldOfChunks(rank), count);
    }
    for (int i = 0; i < tokens; i++) {
      assertEquals(i < layout.inChunks(), held[i]);
    }
  }

  /** The largest number of tokens that an int holds ends its chunks. */
  @Test
  void chunksOfTheLongestPrompt() {
    PrefixLayout layout =
        new PrefixLayout(LayoutKind.CONTIGUOUS, Integer.MAX_VALUE, 2, 1_500_000_000);
    List<?> chunks = layout.chunks();
    assertEquals(2, chunks.size());
    assertEquals(layout.inChunks(), layout.heldOfChunks(0) + layout.heldOfChunks(1));
  }

  /**
   * A layer's keys of more than 2^31 bytes on the CPU, of which only the last are ever touched:
   * stored and read where they are in a small cache.
   */
  @Test
  void slotsBehindTwoGibibytes() {
    int slots = 1_100_000; // x 8 x 64 x 4 bytes
    try (Device device = new CpuDevice(1)) {
      double[] far = attend(device, slots, slots - 70);
      double[] near = attend(device, 70, 0);
      assertArrayEquals(near, far);
      assertTrue(Arrays.stream(near).anyMatch(x -> Math.abs(x) > 0.1));
    }
  }

  /** Attention over 70 slots from the first on. */
  private static double[] attend(Device device, int slots, int first) {
    try (Arena arena = new Arena(device)) {
      Tensor keys = rows(arena, "keys", slots, 8);
      Tensor values = rows(arena, "values", slots, 8);
      Tensor some = rows(arena, "some", 70, 8);
      Tensor q = rows(arena, "q", 1, 16);
      Tensor partial =
          arena.allocate(
              "partial",
              Purpose.RING,
              DType.F32,
              new Dim("rows", 1),
              new Dim("heads", 16),
              new Dim("packed", 65));
      Tensor places = integers(arena, "places", 70);
      Tensor segments =
          integers(arena, "segments", DecodeAttention.SEGMENT).view(1, DecodeAttention.SEGMENT);
      int[] where = new int[70];
      Arrays.setAll(where, i -> first + i);
      device.write(places, where);
      device.write(segments, 0, 1, first, first + 70);
      device.write(q, numbers(16 * 64, 3));
      device.write(some, numbers(70 * 8 * 64, 1));
      device.decode().store(some, places, keys);
      device.write(some, numbers(70 * 8 * 64, 2));
      device.decode().store(some, places, values);
      device.decode().attend(q, keys, values, segments, partial);
      return device.read(partial);
    }
  }

  private static Tensor rows(Arena arena, String name, int rows, int heads) {
    return arena.allocate(
        name,
        Purpose.CACHE,
        DType.F32,
        new Dim("rows", rows),
        new Dim("heads", heads),
        new Dim("size", 64));
  }

  private static Tensor integers(Arena arena, String name, int count) {
    return arena.allocate(name, Purpose.ACTIVATIONS, DType.I32, new Dim("numbers", count));
  }

  private static double[] numbers(int count, int seed) {
    double[] numbers = new double[count];
    Arrays.setAll(numbers, i -> Math.sin(i * 0.37 + seed));
    return numbers;
  }
}
