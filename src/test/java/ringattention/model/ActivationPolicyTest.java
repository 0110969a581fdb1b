package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.attention.LateDevice;
import ringattention.attention.LateLane;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Arena;
import ringattention.device.Collectives;
import ringattention.device.Completion;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Kernels;
import ringattention.device.MemoryPlan;
import ringattention.device.Tensor;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
import ringattention.validate.TransformerProblem;

/** What is kept, where, and in how many head groups changes memory and time, not numbers. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ActivationPolicyTest {
  private static final int LAYERS = 5;
  private static final Kernels.AdamW STEP = new Kernels.AdamW(1e-3, 0.9, 0.9, 1e-8, 0, 1, 1);

  /** Results of the plain policy, by numbers of ranks and of key and value heads; made once. */
  private final Map<List<Integer>, List<double[]>> plain = new HashMap<>();

  private final Map<List<Integer>, List<double[]>> plainOnCpu = new HashMap<>(); // likewise

  private List<double[]> plain(int ranks, int keyValueHeads) {
    return plain.computeIfAbsent(
        List.of(ranks, keyValueHeads),
        key -> step(late(false), ring(ranks), keyValueHeads, ActivationPolicy.inputs(LAYERS)));
  }

  private List<double[]> plainOnCpu(int ranks, int keyValueHeads) {
    return plainOnCpu.computeIfAbsent(
        List.of(ranks, keyValueHeads),
        key -> step(cpu(), ring(ranks), keyValueHeads, ActivationPolicy.inputs(LAYERS)));
  }

  private static Supplier<Device> cpu() {
    return () -> new CpuDevice(1);
  }

  /** A Llama, with fewer key/value heads one that has biases and norms of queries and keys too. */
  private static TransformerProblem problem(int keyValueHeads) {
    boolean details = keyValueHeads < 4;
    ModelConfig model =
        new ModelConfig(
            37,
            24,
            LAYERS,
            new HeadCounts(4, keyValueHeads, 6),
            20,
            10000,
            RopeScaling.NONE,
            1e-5,
            false,
            0.15,
            new AttentionDetails(details, details, 0),
            Optional.empty());
    return new TransformerProblem(model, 23, 1, Mask.CAUSAL, LayoutKind.ZIGZAG, 5);
  }

  /** Loss of all ranks and all gradients of the second of two steps. */
  private static List<double[]> step(
      Supplier<Device> make, Mesh mesh, int keyValueHeads, ActivationPolicy policy) {
    return step(make, ActivationPolicyTest::late, mesh, keyValueHeads, policy);
  }

  private static Mesh ring(int ranks) {
    return Mesh.of(ranks, ranks);
  }

  /**
   * @param between ranks where the device is asynchronous
   */
  private static List<double[]> step(
      Supplier<Device> make,
      UnaryOperator<Collectives> between,
      Mesh mesh,
      int keyValueHeads,
      ActivationPolicy policy) {
    int ranks = mesh.world();
    TransformerProblem problem = problem(keyValueHeads);
    ModelSetup setup = problem.ring(mesh).with(policy);
    return LocalCommunicator.run(
            ranks,
            rank -> {
              PhaseTimer timer = new PhaseTimer(System::nanoTime);
              Collectives host = new HostCollectives(rank, timer.timeline());
              List<double[]> results = new ArrayList<>();
              try (Device device = make.get()) {
                Collectives collectives = device.asynchronous() ? between.apply(host) : host;
                MemoryPlan plan = new MemoryPlan();
                ModelBuffers.allocate(plan, setup, rank.rank(), device.compute(), device.sum());
                try (Arena arena = new Arena(device, plan)) {
                  Replica replica = new Replica(setup, rank, collectives, device, arena, timer);
                  replica.parameters().initialize(problem.seed(), problem.model().initStd());
                  replica.load(problem.sequences());
                  replica.lossAndGradients(problem.scale());
                  replica.parameters().update(STEP, parameter -> true);
                  double loss = replica.lossAndGradients(problem.scale());
                  results.add(new double[] {rank.allReduce(loss, Communicator.Operation.SUM)});
                  for (int group = 0; group < LAYERS + 2; group++) {
                    results.add(replica.parameters().gatherGradient(group));
                  }
                  assertEquals(plan.hostBytes(), device.peakHostBytes());
                }
              }
              return results;
            })
        .get(0);
  }

  /** Collectives that nobody waits for, as on a GPU, until their result is needed. */
  private static Collectives late(Collectives host) {
    LateLane lane = new LateLane();
    return new Collectives() {
      @Override
      public Completion allGather(Tensor part, Tensor whole, Completion after) {
        return lane.add(() -> host.allGather(part, whole, after).await());
      }

      @Override
      public Completion reduceScatter(Tensor whole, Tensor part, Completion after) {
        return lane.add(() -> host.reduceScatter(whole, part, after).await());
      }

      @Override
      public Completion allToAll(List<Part> parts, Completion after) {
        return lane.add(() -> host.allToAll(parts, after).await());
      }

      @Override
      public Collectives split(int color) {
        return late(host.split(color));
      }
    };
  }

  private static Supplier<Device> late(boolean eager) {
    return () -> new LateDevice(100, 1, eager);
  }

  /**
   * @param groups more than one changes the order in which a query's gradient is summed over blocks
   */
  private static void assertSame(List<double[]> expected, List<double[]> actual, int groups) {
    double rounding = groups == 1 ? 0 : 1e-11;
    for (int i = 0; i < expected.size(); i++) {
      for (int j = 0; j < expected.get(i).length; j++) {
        assertEquals(expected.get(i)[j], actual.get(i)[j], rounding, "result " + i + ", " + j);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // head groups, blocks that save attention, projections, feed-forward, tensors on the host
    "1, 5, 0, 0, 0",
    "1, 5, 0, 0, 10",
    "1, 0, 0, 0, 5",
    "1, 2, 0, 0, 0",
    "1, 2, 0, 0, 3",
    "1, 2, 0, 0, 4",
    "1, 2, 0, 0, 5",
    "1, 2, 0, 0, 7",
    "1, 5, 0, 0, 1",
    "2, 0, 0, 0, 0",
    "2, 5, 0, 0, 7",
    "2, 3, 0, 0, 8",
    "2, 1, 0, 0, 6",
    "1, 5, 5, 5, 0",
    "1, 5, 5, 0, 0",
    "1, 5, 5, 3, 0",
    "1, 3, 2, 1, 0",
    "1, 5, 5, 5, 10",
    "1, 4, 3, 2, 7",
    "2, 5, 5, 5, 0",
    "2, 4, 2, 1, 6",
    "2, 1, 1, 0, 0"
  })
  void numbersAreTheSame(
      int groups, int savedAttention, int projections, int feedForward, int onHost) {
    ActivationPolicy policy =
        new ActivationPolicy(LAYERS, groups, savedAttention, onHost)
            .withProducts(projections, feedForward);
    for (int keyValueHeads : new int[] {4, 2}) {
      for (int ranks = 1; ranks <= 3; ranks++) {
        List<double[]> expected = plain(ranks, keyValueHeads);
        // late by turns: with some ranks when asked, with others as soon as may be
        boolean eager = (ranks + keyValueHeads / 2) % 2 == 0;
        assertSame(expected, step(late(eager), ring(ranks), keyValueHeads, policy), groups);
      }
      if (groups == 1) { // another device, whatever the number of ranks
        List<double[]> onCpu = step(cpu(), ring(2), keyValueHeads, policy);
        assertSame(plainOnCpu(2, keyValueHeads), onCpu, groups);
      }
    }
  }

  /** Also where ranks exchange heads, late, which by itself changes rounding only. */
  @ParameterizedTest
  @CsvSource({
    // ranks, those that exchange heads, head groups,
    // blocks that save attention, projections, feed-forward, tensors on the host
    "2, 2, 1, 5, 0, 0, 10",
    "2, 2, 2, 2, 0, 0, 4",
    "4, 2, 1, 0, 0, 0, 5",
    "4, 2, 2, 3, 0, 0, 8",
    "4, 4, 1, 3, 0, 0, 3",
    "2, 2, 1, 5, 5, 5, 0",
    "4, 2, 2, 3, 2, 1, 4",
    "4, 4, 1, 5, 5, 0, 0"
  })
  void numbersAreTheSameWithExchangeOfHeads(
      int ranks,
      int headRanks,
      int groups,
      int savedAttention,
      int projections,
      int feedForward,
      int onHost) {
    assertSameAsRing(
        Mesh.of(ranks, ranks / headRanks, headRanks),
        4,
        new ActivationPolicy(LAYERS, groups, savedAttention, onHost)
            .withProducts(projections, feedForward));
  }

  /** Also where ranks share products, with grouped heads, biases and norms of heads. */
  @ParameterizedTest
  @CsvSource({
    // ranks, those that exchange heads, those that share products, key/value heads, head groups,
    // blocks that save attention, projections, feed-forward, tensors on the host
    "2, 1, 2, 2, 1, 5, 0, 0, 10",
    "2, 1, 2, 4, 2, 2, 0, 0, 4",
    "4, 1, 2, 2, 1, 0, 0, 0, 5",
    "4, 1, 4, 4, 1, 3, 2, 2, 0",
    "4, 2, 2, 4, 1, 3, 0, 0, 8",
    "6, 1, 2, 2, 1, 5, 5, 5, 0",
    "4, 1, 2, 4, 2, 3, 2, 1, 4"
  })
  void numbersAreTheSameWithSharedProducts(
      int ranks,
      int headRanks,
      int tensor,
      int keyValueHeads,
      int groups,
      int savedAttention,
      int projections,
      int feedForward,
      int onHost) {
    assertSameAsRing(
        Mesh.of(ranks, ranks / (headRanks * tensor), headRanks, tensor),
        keyValueHeads,
        new ActivationPolicy(LAYERS, groups, savedAttention, onHost)
            .withProducts(projections, feedForward));
  }

  /** A mesh changes rounding, and what is kept in it nothing, however late work is done. */
  private void assertSameAsRing(Mesh mesh, int keyValueHeads, ActivationPolicy policy) {
    int groups = policy.headGroups();
    List<double[]> plainly =
        step(late(false), mesh, keyValueHeads, ActivationPolicy.inputs(LAYERS));
    assertSame(plain(mesh.world(), keyValueHeads), plainly, 2);
    assertSame(plainly, step(late(false), mesh, keyValueHeads, policy), groups);
    assertSame(plainly, step(late(true), mesh, keyValueHeads, policy), groups);
    List<double[]> early = // collectives, as soon as they may be, before a device that is late
        step(late(false), host -> host, mesh, keyValueHeads, policy);
    assertSame(plainly, early, groups);
  }

  /** Words of tables and of the log. */
  @Test
  void policiesHaveNames() {
    assertEquals("nothing", ActivationPolicy.forwardOnly(3, 1).savedText());
    assertEquals("inputs", ActivationPolicy.inputs(3).savedText());
    assertEquals("none", ActivationPolicy.inputs(3).offloadText());
    ActivationPolicy all = new ActivationPolicy(3, 1, 3, 6);
    assertEquals("inputs+attention", all.savedText());
    assertEquals("host", all.offloadText());
    assertEquals("inputs+attention+qkv of 1 of 3", all.withProducts(1, 0).savedText());
    ActivationPolicy everything = all.withProducts(3, 3);
    assertEquals("inputs+attention+qkv+feedForward", everything.savedText());
    assertEquals("host", everything.offloadText(), "of what can go there");
    assertEquals("inputs+attention+qkv+feedForward of 2 of 3", all.withProducts(3, 2).savedText());
  }

  /** What a block keeps is made from what it keeps too, and blocks at the end keep most. */
  @Test
  void theLastBlocksKeepMost() {
    ActivationPolicy policy = new ActivationPolicy(4, 1, 3, 0).withProducts(2, 1);
    String kept = "";
    for (int block = 0; block < 4; block++) {
      kept += policy.savesAttention(block) ? "a" : "-";
      kept += policy.savesProjections(block) ? "p" : "-";
      kept += policy.savesFeedForward(block) ? "f " : "- ";
    }
    assertEquals("--- a-- ap- apf ", kept);
    for (int[] wrong : new int[][] {{4, 1}, {1, 2}, {1, -1}}) {
      assertThrows(IllegalArgumentException.class, () -> policy.withProducts(wrong[0], wrong[1]));
    }
    assertEquals(List.of(1, 1, 0, 0), again(policy, 1));
    assertEquals(List.of(2, 1, 0, 0), again(policy, 2), "a second call overwrites the first's");
  }

  private static List<Integer> again(ActivationPolicy policy, int calls) {
    return IntStream.range(0, 4).mapToObj(block -> policy.projectedAgain(block, calls)).toList();
  }

  @Test
  void theFirstTensorsLeave() {
    ActivationPolicy policy = new ActivationPolicy(3, 1, 2, 2); // x0 | x1 a1 x2 a2
    assertEquals(5, policy.saved());
    assertEquals("inputs+attention of 2 of 3", policy.savedText());
    assertEquals("host 2 of 5", policy.offloadText());
    String places = "";
    for (int block = 0; block < 3; block++) {
      places += policy.inputOnHost(block) ? "h" : "d";
      places += !policy.savesAttention(block) ? "-" : policy.attentionOnHost(block) ? "h" : "d";
    }
    assertEquals("h-hddd", places);
    assertFalse(policy.attentionOnHost(0), "it is not kept at all");
    ActivationPolicy three = new ActivationPolicy(3, 1, 2, 3); // a1 too, and not x2
    assertTrue(three.attentionOnHost(1));
    assertFalse(three.inputOnHost(2));
    assertThrows(IllegalArgumentException.class, () -> new ActivationPolicy(3, 1, 2, 6));
  }
}
