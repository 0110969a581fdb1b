package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.attention.LateDevice;
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
import ringattention.parallel.HostCollectives;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
import ringattention.validate.TransformerProblem;

/**
 * Packed sequences side by side: each with documents and positions of its own, they give what they
 * give alone.
 */
class PackedBatchTest {
  private static final LayoutKind[] ONE = {LayoutKind.ZIGZAG}; // all are alike on one rank
  private static final int LAYERS = 2;
  private static final int LENGTH = 19;
  private static final int BATCH = 4;
  private static final double SCALE = 1.0 / (LENGTH * BATCH);

  /** In float64, numbers of about 1. */
  private static final double DOUBLE = 1e-11;

  /** In fp32, numbers of about 1. */
  private static final double SINGLE = 1e-5;

  private static ModelConfig model(int keyValueHeads) {
    return new ModelConfig(
        23,
        12,
        LAYERS,
        new HeadCounts(4, keyValueHeads, 4),
        10,
        100,
        RopeScaling.NONE,
        1e-5,
        false,
        0.3,
        Optional.empty());
  }

  /** The second and third are one document each, with different positions. */
  private static Sample[] sequences() {
    Sample[] plain =
        new TransformerProblem(model(4), LENGTH, BATCH, Mask.CAUSAL, LayoutKind.CONTIGUOUS, 5)
            .sequences();
    int[][] starts = {{0, 5, 6, 17}, {0}, {0}, {0, 1, 11}};
    for (int i = 0; i < BATCH; i++) {
      int[] positions = Documents.startingAt(starts[i]).restarted(plain[i].positions());
      int first = i == 1 ? 40 : 0;
      plain[i] =
          new Sample(
              plain[i].tokens(),
              plain[i].labels(),
              Arrays.stream(positions).map(position -> first + position).toArray(),
              starts[i]);
    }
    return plain;
  }

  private static ModelSetup setup(
      AttentionKind kind,
      int keyValueHeads,
      Mask mask,
      LayoutKind layout,
      Mesh mesh,
      int batch,
      ActivationPolicy policy) {
    return new ModelSetup(
        model(keyValueHeads),
        kind,
        mask,
        layout,
        FeedForwardKind.BLOCKWISE,
        7,
        5,
        mesh,
        LENGTH,
        batch,
        1,
        true,
        false,
        policy,
        false);
  }

  /** Loss and all gradients, of rank 0. */
  private static List<double[]> step(ModelSetup setup, Supplier<Device> make, Sample[] sequences) {
    return LocalCommunicator.run(setup.mesh().world(), rank -> step(setup, rank, make, sequences))
        .get(0);
  }

  private static List<double[]> step(
      ModelSetup setup, Communicator world, Supplier<Device> make, Sample... sequences) {
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    MemoryPlan plan = new MemoryPlan();
    int first = setup.mesh().dataRank(world.rank()) * setup.batch();
    try (Device device = make.get()) {
      ModelBuffers.allocate(plan, setup, world.rank(), device.compute(), device.sum());
      try (Arena arena = new Arena(device, plan)) {
        Replica replica =
            new Replica(
                setup, world, new HostCollectives(world, timer.timeline()), device, arena, timer);
        replica.parameters().initialize(3, setup.model().initStd());
        replica.load(Arrays.copyOfRange(sequences, first, first + setup.batch()));
        double loss = replica.lossAndGradients(SCALE);
        List<double[]> results = new ArrayList<>();
        results.add(new double[] {world.allReduce(loss, Communicator.Operation.SUM) * SCALE});
        for (int group = 0; group < LAYERS + 2; group++) {
          results.add(replica.parameters().gatherGradient(group));
        }
        return results;
      }
    }
  }

  /** One sequence after the other, each alone on one rank, in float64 with vanilla attention. */
  private static List<double[]> truth(int keyValueHeads, Mask mask) {
    ModelSetup alone =
        setup(
            AttentionKind.VANILLA,
            keyValueHeads,
            mask,
            LayoutKind.CONTIGUOUS,
            Mesh.of(1, 1),
            1,
            ActivationPolicy.inputs(LAYERS));
    List<double[]> sums = null;
    for (Sample sequence : sequences()) {
      List<double[]> one = step(alone, ReferenceDevice::new, new Sample[] {sequence});
      for (int i = 0; sums != null && i < one.size(); i++) {
        for (int j = 0; j < one.get(i).length; j++) {
          one.get(i)[j] += sums.get(i)[j];
        }
      }
      sums = one;
    }
    return sums;
  }

  private static void assertClose(List<double[]> expected, List<double[]> found, double rounding) {
    for (int i = 0; i < expected.size(); i++) {
      for (int j = 0; j < expected.get(i).length; j++) {
        assertEquals(expected.get(i)[j], found.get(i)[j], rounding, "result " + i + ", " + j);
      }
    }
  }

  @ParameterizedTest(name = "{0} ranks in rings of {1}, {2} key/value heads, {3} groups")
  @CsvSource({
    // ranks, ring, key/value heads, head groups,
    // blocks that save attention, products, tensors on the host
    "1, 1, 4, 1, 0, 0, 0",
    "1, 1, 2, 2, 2, 0, 3",
    "2, 2, 4, 2, 0, 0, 2",
    "3, 3, 2, 1, 2, 0, 4",
    "4, 2, 4, 4, 1, 0, 1",
    "2, 1, 2, 1, 1, 0, 0",
    "1, 1, 4, 1, 2, 2, 0",
    "3, 3, 2, 2, 2, 1, 3",
    "4, 2, 4, 4, 2, 2, 0"
  })
  void sequencesSideBySideAreThoseOfEachAlone(
      int ranks,
      int ring,
      int keyValueHeads,
      int groups,
      int savedAttention,
      int products,
      int onHost) {
    ActivationPolicy policy =
        new ActivationPolicy(LAYERS, groups, savedAttention, onHost)
            .withProducts(products, products);
    for (Mask mask : Mask.values()) {
      List<double[]> truth = truth(keyValueHeads, mask);
      for (LayoutKind layout : ring == 1 ? ONE : LayoutKind.values()) {
        ModelSetup together =
            setup(
                AttentionKind.RING,
                keyValueHeads,
                mask,
                layout,
                Mesh.of(ranks, ring),
                BATCH / (ranks / ring),
                policy);
        assertClose(truth, step(together, () -> new LateDevice(5, 2, true), sequences()), DOUBLE);
        assertClose(truth, step(together, () -> new CpuDevice(1), sequences()), SINGLE);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = AttentionKind.class,
      names = {"VANILLA", "MEMORY_EFFICIENT"})
  void soTheyAreWithoutARing(AttentionKind kind) {
    for (Mask mask : Mask.values()) {
      ModelSetup together =
          setup(
              kind,
              2,
              mask,
              LayoutKind.CONTIGUOUS,
              Mesh.of(1, 1),
              BATCH,
              ActivationPolicy.inputs(LAYERS));
      assertClose(truth(2, mask), step(together, ReferenceDevice::new, sequences()), DOUBLE);
    }
  }

  /** A setup of sequences that are alike never takes the first one's documents for all. */
  @Test
  void otherSetupsRefuseSequencesThatDiffer() {
    ModelSetup alike =
        new TransformerProblem(model(4), LENGTH, 2, Mask.CAUSAL, LayoutKind.ZIGZAG, 5)
            .ring(Mesh.of(1, 1));
    Sample[] all = sequences();
    for (int other : new int[] {2, 3}) { // in positions, in documents
      assertThrows(
          IllegalArgumentException.class,
          () -> step(alike, LocalCommunicator.single(), ReferenceDevice::new, all[1], all[other]));
    }
    step(alike, LocalCommunicator.single(), ReferenceDevice::new, all[1], all[1]);
  }
}
