package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.comm.LocalCommunicator;
import ringattention.data.Sample;
import ringattention.device.Arena;
import ringattention.device.Collectives;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.MemoryPlan;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.parallel.HostCollectives;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** Context grows with the number of ranks: what a rank allocates depends on its tokens only. */
class MemoryGrowthTest {
  private static final ModelConfig MODEL =
      new ModelConfig(
          61,
          16,
          2,
          new HeadCounts(2, 2, 8),
          40,
          10000,
          RopeScaling.NONE,
          1e-5,
          false,
          0.02,
          Optional.empty());

  private static ModelSetup setup(AttentionKind attention, int ranks, int sequence) {
    return setup(attention, Mesh.of(ranks, attention == AttentionKind.RING ? ranks : 1), sequence);
  }

  private static ModelSetup setup(AttentionKind attention, Mesh mesh, int sequence) {
    return new ModelSetup(
        MODEL,
        attention,
        Mask.CAUSAL,
        LayoutKind.ZIGZAG,
        FeedForwardKind.BLOCKWISE,
        64,
        64,
        mesh,
        sequence,
        1,
        1,
        false,
        false,
        ActivationPolicy.inputs(MODEL.layers()),
        false);
  }

  /** Bytes the device counts when a rank's buffers are really allocated, without its workspace. */
  private static long measured(ModelSetup setup, int rank) {
    try (Device device = new CpuDevice(1);
        Arena arena = new Arena(device)) {
      ModelBuffers.allocate(arena, setup, rank, device.compute(), device.sum());
      return device.peakBytes() - device.workspaceBytes(List.of());
    }
  }

  @Test
  void bytesPerRankStayFlatFromOneToEightRanks() {
    long[] peaks =
        IntStream.rangeClosed(1, 8)
            .mapToLong(
                ranks ->
                    IntStream.range(0, ranks)
                        .mapToLong(
                            rank -> measured(setup(AttentionKind.RING, ranks, 4096 * ranks), rank))
                        .max()
                        .orElseThrow())
            .toArray();
    for (long peak : peaks) {
      double ratio = (double) peak / peaks[0];
      assertTrue(
          ratio > 0.98 && ratio <= 1.02, "bytes per rank " + java.util.Arrays.toString(peaks));
    }
  }

  @Test
  void vanillaGrowsWithTheSquareAndTheRingDoesNot() {
    int tokens = 64;
    double vanilla = quadraticBytes(AttentionKind.VANILLA, tokens);
    int scores = 2; // probabilities and their gradient
    assertEquals(scores * MODEL.heads().query() * Float.BYTES, vanilla, 1e-9);
    assertEquals(0, quadraticBytes(AttentionKind.RING, tokens), 1e-9);
    assertEquals(0, quadraticBytes(AttentionKind.MEMORY_EFFICIENT, tokens), 1e-9);
  }

  /** The c of bytes = a + b tokens + c tokens^2, from three lengths. */
  private static double quadraticBytes(AttentionKind attention, int tokens) {
    double one = measured(setup(attention, 1, tokens), 0);
    double two = measured(setup(attention, 1, 2 * tokens), 0);
    double four = measured(setup(attention, 1, 4 * tokens), 0);
    return ((four - two) - 2 * (two - one)) / (6.0 * tokens * tokens);
  }

  @ParameterizedTest
  @CsvSource({
    // ranks, those that exchange heads, blocks that save attention, projections, feed-forward
    "1, 1, 0, 0, 0",
    "2, 1, 0, 0, 0",
    "3, 1, 0, 0, 0",
    "4, 1, 0, 0, 0",
    "2, 2, 0, 0, 0",
    "4, 2, 0, 0, 0",
    "3, 1, 2, 2, 2",
    "2, 1, 2, 1, 0",
    "4, 2, 2, 2, 1"
  })
  void aStepAllocatesExactlyWhatWasPlanned(
      int ranks, int headRanks, int savedAttention, int projections, int feedForward) {
    Mesh mesh = Mesh.of(ranks, ranks / headRanks, headRanks);
    ActivationPolicy policy =
        new ActivationPolicy(2, 1, savedAttention, 0).withProducts(projections, feedForward);
    ModelSetup setup = setup(AttentionKind.RING, mesh, 130 * ranks + 1).with(policy);
    LocalCommunicator.run(
        ranks,
        rank -> {
          MemoryPlan plan = new MemoryPlan();
          ModelBuffers.allocate(plan, setup, rank.rank(), DType.F32, DType.F32);
          PhaseTimer timer = new PhaseTimer(System::nanoTime);
          Collectives collectives = new HostCollectives(rank, timer.timeline());
          try (Device device = new CpuDevice(1);
              Arena arena = new Arena(device, plan)) {
            Replica replica = new Replica(setup, rank, collectives, device, arena, timer);
            replica.parameters().initialize(1, 0.02);
            replica.load(new Sample[] {Sample.consecutive(new int[setup.sequence() + 1], 0)});
            replica.lossAndGradients(1);
            replica.settle();
            assertEquals(plan.bytes() + device.workspaceBytes(List.of()), device.peakBytes());
            return null;
          }
        });
  }
}
