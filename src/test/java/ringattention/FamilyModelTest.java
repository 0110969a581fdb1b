package ringattention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.data.Sample;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.model.ActivationPolicy;
import ringattention.model.AttentionDetails;
import ringattention.model.AttentionKind;
import ringattention.model.FeedForwardKind;
import ringattention.model.LlamaParameters;
import ringattention.model.ModelBuffers;
import ringattention.model.ModelConfig;
import ringattention.model.ModelSetup;
import ringattention.model.Replica;
import ringattention.model.RopeScaling;
import ringattention.parallel.HostCollectives;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.random.Seed;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/**
 * Models with biases and norms of queries and keys against loops in float64 that share no code with
 * the program: losses, and gradients by differences of them.
 */
class FamilyModelTest {
  private static final int LAYERS = 2;
  private static final int LENGTH = 13;
  private static final int[][] STARTS = {{0, 4, 5}, {0, 9}}; // documents of both sequences

  /** In float64, numbers of about 1. */
  private static final double EXACT = 1e-12;

  /** Differences of a step of 1e-4: its square, and roundings over it. */
  private static final double DIFFERENCE = 1e-7;

  private static final double STEP = 1e-4;

  /** In fp32, numbers of about 1. */
  private static final double SINGLE = 3e-6;

  private record Result(double loss, Map<String, double[]> gradients) {}

  /** How it is computed. */
  private record Way(int ranks, int groups, LayoutKind layout, boolean packed, boolean cpu) {
    /** Sequences that are packed go through attention in turns. */
    Sample[] samples(int vocabulary) {
      Sample[] samples = new Sample[2];
      for (int b = 0; b < samples.length; b++) {
        Documents documents = packed ? Documents.startingAt(STARTS[b]) : Documents.ONE;
        Sample plain = Sample.consecutive(tokens(b, vocabulary), 0);
        int[] starts = documents.starts().stream().mapToInt(Integer::intValue).toArray();
        samples[b] =
            new Sample(
                plain.tokens(), plain.labels(), documents.restarted(plain.positions()), starts);
      }
      return samples;
    }
  }

  private static int[] tokens(int sequence, int vocabulary) {
    int[] tokens = new int[LENGTH + 1];
    Arrays.setAll(tokens, i -> (i * i * 7 + i * 3 + 5 + 11 * sequence) % vocabulary);
    return tokens;
  }

  /** Heads of a size apart from hidden / heads, as in Qwen3 0.6B. */
  private static ModelConfig model(boolean bias, boolean norm, int keyValueHeads) {
    return model(bias, norm, keyValueHeads, 10);
  }

  private static ModelConfig model(boolean bias, boolean norm, int keyValueHeads, int feedForward) {
    return new ModelConfig(
        23,
        12,
        LAYERS,
        new HeadCounts(4, keyValueHeads, 6),
        feedForward,
        10000,
        RopeScaling.NONE,
        1e-5,
        false,
        0.3,
        new AttentionDetails(bias, norm, 0),
        Optional.empty());
  }

  /** Biases far from 0, norms far from 1 and unlike each other. */
  private static float value(Parameter parameter, long index) {
    Seed seed = Seed.of(3, parameter.name());
    float number = (seed.bits(index) >> 40) / (float) (1 << 23); // -1 to 1
    return parameter.initial() == Parameter.Initial.ONES ? 1 + 0.6f * number : 0.5f * number;
  }

  private static Result compute(ModelConfig model, Way way) {
    return LocalCommunicator.run(way.ranks, world -> compute(world, model, way)).get(0);
  }

  private static Result compute(Communicator world, ModelConfig model, Way way) {
    ModelSetup setup =
        new ModelSetup(
            model,
            AttentionKind.RING,
            Mask.CAUSAL,
            way.layout,
            FeedForwardKind.BLOCKWISE,
            4,
            5,
            Mesh.of(way.ranks, way.ranks),
            LENGTH,
            2,
            1,
            way.packed,
            false,
            new ActivationPolicy(LAYERS, way.groups, LAYERS, 0).withProducts(1, 1),
            false);
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    MemoryPlan plan = new MemoryPlan();
    try (Device device = way.cpu ? new CpuDevice(1) : new ReferenceDevice()) {
      ModelBuffers.allocate(plan, setup, world.rank(), device.compute(), device.sum());
      try (Arena arena = new Arena(device, plan)) { // no more than is planned
        Replica replica =
            new Replica(
                setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
        replica.parameters().clear();
        replica
            .weights()
            .load(
                (parameter, index, into) -> {
                  for (long i = index; into.hasRemaining(); i++) {
                    into.put(value(parameter, i));
                  }
                });
        replica.load(way.samples(model.vocabulary()));
        double own = replica.lossAndGradients(1.0 / (2 * LENGTH));
        double loss = world.allReduce(own, Communicator.Operation.SUM) / (2 * LENGTH);
        Map<String, double[]> gradients = new LinkedHashMap<>();
        List<ParameterGroup> groups = replica.parameters().groups();
        for (int index = 0; index < groups.size(); index++) {
          double[] all = replica.parameters().gatherGradient(index);
          for (Parameter parameter : groups.get(index).parameters()) {
            int from = (int) groups.get(index).offset(parameter);
            gradients.put(
                parameter.name(), Arrays.copyOfRange(all, from, from + (int) parameter.elements()));
          }
        }
        return new Result(loss, gradients);
      }
    }
  }

  /** The same in plain loops, one weight moved. */
  private static double truth(ModelConfig model, boolean packed, String moved, int at, double by) {
    Map<String, double[]> weights = new HashMap<>();
    for (ParameterGroup group : LlamaParameters.groups(model)) {
      for (Parameter parameter : group.parameters()) {
        double[] values = new double[(int) parameter.elements()];
        Arrays.setAll(values, i -> value(parameter, i));
        weights.put(parameter.name(), values);
      }
    }
    if (!moved.isEmpty()) {
      weights.get(moved)[at] += by;
    }
    DoubleLlama llama = new DoubleLlama(weights, LAYERS, 4, model.heads().keyValue());
    double sum = 0;
    for (int b = 0; b < 2; b++) {
      int[] tokens = tokens(b, model.vocabulary());
      int[] starts = packed ? STARTS[b] : new int[] {0};
      for (int d = 0; d < starts.length; d++) { // the label of a last token is the next document's
        int end = d + 1 < starts.length ? starts[d + 1] : LENGTH;
        sum += Arrays.stream(llama.losses(Arrays.copyOfRange(tokens, starts[d], end + 1))).sum();
      }
    }
    return sum / (2 * LENGTH);
  }

  @ParameterizedTest
  @CsvSource({
    "true, false, 2, false",
    "false, true, 2, false",
    "true, true, 4, false",
    "false, true, 2, true",
    "true, true, 2, true"
  })
  void lossAndGradientsAreThoseOfFloat64(
      boolean bias, boolean norm, int keyValueHeads, boolean packed) {
    ModelConfig model = model(bias, norm, keyValueHeads);
    Way plain = new Way(1, 1, LayoutKind.CONTIGUOUS, packed, false);
    Result one = compute(model, plain);
    assertEquals(truth(model, packed, "", 0, 0), one.loss, EXACT);
    int checked = 0;
    for (Map.Entry<String, double[]> gradient : one.gradients.entrySet()) {
      double largest = Arrays.stream(gradient.getValue()).map(Math::abs).max().orElseThrow();
      assertTrue(largest > 1e-4, gradient.getKey() + " has no gradient");
      for (int pick = 0; pick < 4; pick++) {
        int at = pick * (gradient.getValue().length - 1) / 3;
        double difference =
            (truth(model, packed, gradient.getKey(), at, STEP)
                    - truth(model, packed, gradient.getKey(), at, -STEP))
                / (2 * STEP);
        assertEquals(difference, gradient.getValue()[at], DIFFERENCE, gradient.getKey() + " " + at);
        checked++;
      }
    }
    assertEquals(4 * (3 + LAYERS * (9 + (bias ? 3 : 0) + (norm ? 2 : 0))), checked);
    for (Way way : ways(packed)) {
      Result same = compute(model, way);
      double tolerance = way.cpu ? SINGLE : EXACT;
      assertEquals(one.loss, same.loss, tolerance, way.toString());
      one.gradients.forEach(
          (name, values) ->
              assertArrayEquals(values, same.gradients.get(name), tolerance, name + " " + way));
    }
  }

  /** Half of it is in the shard of either: the second begins within the bias. */
  @Test
  void aBiasThatTwoRanksShare() {
    List<ModelConfig> cut =
        IntStream.range(4, 16)
            .mapToObj(feedForward -> model(true, false, 2, feedForward))
            .filter(
                model ->
                    LlamaParameters.groups(model).stream().anyMatch(FamilyModelTest::cutsABias))
            .toList();
    assertTrue(cut.size() >= 2, "models with a bias that is cut: " + cut);
    for (ModelConfig model : cut) {
      Result one = compute(model, new Way(1, 1, LayoutKind.CONTIGUOUS, false, false));
      Result two = compute(model, new Way(2, 1, LayoutKind.ZIGZAG, false, false));
      assertEquals(one.loss, two.loss, EXACT);
      one.gradients.forEach(
          (name, values) -> assertArrayEquals(values, two.gradients.get(name), EXACT, name));
    }
  }

  private static boolean cutsABias(ParameterGroup group) {
    long half = group.shardElements(2);
    return group.parameters().stream()
        .filter(parameter -> parameter.name().endsWith("bias"))
        .anyMatch(bias -> group.offset(bias) < half && half < group.offset(bias) + bias.elements());
  }

  private static List<Way> ways(boolean packed) {
    List<Way> ways = new ArrayList<>();
    for (boolean cpu : new boolean[] {false, true}) {
      ways.add(new Way(1, 2, LayoutKind.CONTIGUOUS, packed, cpu));
      ways.add(new Way(2, 1, LayoutKind.ZIGZAG, packed, cpu));
      ways.add(new Way(3, 2, LayoutKind.STRIPED, packed, cpu));
    }
    return ways;
  }
}
