package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.parallel.Parameter;
import ringattention.parallel.ShardBuffers;
import ringattention.parallel.ShardedParameters;
import ringattention.parallel.State;

/** How weights start with {@code model.init = "matched"}. */
class InitialMatricesTest {
  private static final int HEAD_SIZE = 10;
  private static final int HIDDEN = 48;

  /** Six query heads, three of keys and values; no width is another's. */
  private static ModelConfig model(InitialKind kind) {
    return new ModelConfig(
        97,
        HIDDEN,
        3,
        new HeadCounts(6, 3, HEAD_SIZE),
        72,
        10000,
        RopeScaling.NONE,
        1e-5,
        false,
        0.02,
        kind,
        new AttentionDetails(true, true, 0),
        Optional.empty());
  }

  /** All weights by name, gathered from all ranks. */
  private static Map<String, float[]> weights(ModelConfig model, int ranks) {
    var groups = LlamaParameters.groups(model);
    Map<String, float[]> all = new ConcurrentHashMap<>();
    groups.forEach(
        group -> group.parameters().forEach(p -> all.put(p.name(), new float[(int) p.elements()])));
    LocalCommunicator.run(
        ranks,
        world -> {
          PhaseTimer timer = new PhaseTimer(System::nanoTime);
          try (Device device = new CpuDevice(1);
              Arena arena = new Arena(device)) {
            ShardBuffers buffers =
                ShardBuffers.allocate(
                    arena, groups, ranks, device.compute(), device.sum(), device.sum(), false);
            ShardedParameters parameters =
                new ShardedParameters(
                    device,
                    world,
                    new HostCollectives(world, timer.timeline()),
                    groups,
                    buffers,
                    timer);
            parameters.initialize(11, model.initStd());
            parameters.save(
                State.WEIGHT, (parameter, index, values) -> put(all, parameter, index, values));
            return null;
          }
        });
    return new TreeMap<>(all);
  }

  private static void put(
      Map<String, float[]> all, Parameter parameter, long index, FloatBuffer values) {
    values.get(all.get(parameter.name()), (int) index, values.remaining());
  }

  private static double deviation(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  private static float[] head(float[] matrix, int head) {
    int size = HEAD_SIZE * HIDDEN;
    return Arrays.copyOfRange(matrix, head * size, (head + 1) * size);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void keysOfHalfTheHeadsAreTheQueriesOfTheirGroupsFirst(int ranks) {
    Map<String, float[]> all = weights(model(InitialKind.MATCHED), ranks);
    for (int layer = 0; layer < 3; layer++) {
      String block = "model.layers." + layer + ".";
      float[] query = all.get(block + LlamaParameters.QUERY);
      float[] key = all.get(block + LlamaParameters.KEY);
      assertArrayEquals(head(query, 0), head(key, 0), block + " first");
      assertArrayEquals(head(query, 2), head(key, 1), block + " second");
      assertFalse(Arrays.equals(head(query, 0), head(query, 2)));
      for (int other = 0; other < 6; other++) { // more than half are two of three; not the last
        assertFalse(Arrays.equals(head(query, other), head(key, 2)), block + " third, " + other);
      }
      assertEquals(1, deviation(head(key, 2)) * Math.sqrt(HIDDEN), 0.1, block + " third");
      assertFalse(Arrays.equals(key, all.get(block + LlamaParameters.VALUE)));
    }
    assertFalse(
        Arrays.equals(
            all.get("model.layers.0." + LlamaParameters.KEY),
            all.get("model.layers.1." + LlamaParameters.KEY)));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5})
  void anyNumberOfRanksGivesTheSame(int ranks) {
    for (InitialKind kind : InitialKind.values()) {
      Map<String, float[]> one = weights(model(kind), 1);
      Map<String, float[]> more = weights(model(kind), ranks);
      one.forEach((name, values) -> assertArrayEquals(values, more.get(name), name));
    }
  }

  /** Within three standard errors of a deviation, or so. */
  @Test
  void deviationsAreThoseOfTheTable() {
    Map<String, float[]> all = weights(model(InitialKind.MATCHED), 1);
    double width = 1 / Math.sqrt(HIDDEN);
    double few = 1 / Math.sqrt(6.0); // 2 x layers
    Map<String, Double> expected =
        Map.of(
            LlamaParameters.EMBEDDING,
            1.0,
            LlamaParameters.HEAD,
            0.2 * width,
            "model.layers.1." + LlamaParameters.QUERY,
            width,
            "model.layers.1." + LlamaParameters.KEY,
            width,
            "model.layers.1." + LlamaParameters.VALUE,
            width,
            "model.layers.1." + LlamaParameters.GATE,
            width,
            "model.layers.1." + LlamaParameters.UP,
            width,
            "model.layers.1." + LlamaParameters.ATTENTION_OUTPUT,
            few / Math.sqrt(60),
            "model.layers.1." + LlamaParameters.DOWN,
            few / Math.sqrt(72));
    expected.forEach(
        (name, deviation) -> {
          float[] values = all.get(name);
          double error = 3 / Math.sqrt(2.0 * values.length);
          assertEquals(1, deviation(values) / deviation, error, name);
        });
    assertEquals(1, deviation(all.get(LlamaParameters.FINAL_NORM)));
    assertEquals(0, deviation(all.get("model.layers.1." + LlamaParameters.KEY_BIAS)));
  }

  @Test
  void normalHasOneDeviation() {
    Map<String, float[]> all = weights(model(InitialKind.NORMAL), 2);
    for (String name : new String[] {LlamaParameters.HEAD, LlamaParameters.EMBEDDING}) {
      assertEquals(0.02, deviation(all.get(name)), 0.001, name);
    }
  }
}
