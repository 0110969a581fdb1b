package ringattention.bench.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.attention.RingAttention;
import ringattention.bench.attention.RingWork.Step;
import ringattention.comm.Communicator;
import ringattention.comm.ForwardingCommunicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.DeviceTraits;
import ringattention.device.HeadCounts;
import ringattention.device.cuda.CudaTraits;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.AttentionFlops;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionRunner;

/** The steps from which waits are predicted are those of {@link RingAttention}. */
class RingWorkTest {
  private static final DeviceTraits BF16_GPU = gpu(DType.BF16);
  private static final DeviceTraits FP32_GPU = gpu(DType.F32);
  private static final RingWork BF16 =
      new RingWork(2, Mask.FULL, new HeadCounts(32, 32, 128), BF16_GPU);

  private static DeviceTraits gpu(DType compute) {
    return CudaTraits.planned(compute, false, 300, 1e15); // some own blocks are cut
  }

  private static List<Long> messages(List<Step> steps) {
    return steps.stream().flatMap(step -> step.messages().stream()).toList();
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 3, 4})
  void sendsWhatTheRingSends(int ranks) {
    int tokens = 6;
    RingWork schedule =
        new RingWork(ranks, Mask.CAUSAL, new HeadCounts(4, 2, 8), new ReferenceDevice());
    AttentionProblem problem =
        new AttentionProblem(
            tokens * ranks, 1, new HeadCounts(4, 2, 8), Mask.CAUSAL, LayoutKind.ZIGZAG, 1);
    LocalCommunicator.run(
        ranks,
        world -> {
          List<Long> sent = new ArrayList<>();
          try (Device device = new ReferenceDevice();
              AttentionRunner ring =
                  AttentionRunner.ring(
                      problem,
                      new Recorded(world, sent),
                      device,
                      device.compute(),
                      new PhaseTimer(System::nanoTime))) {
            for (RingPass pass : RingPass.values()) {
              sent.clear();
              pass.run(ring);
              assertEquals(
                  messages(schedule.steps(pass, tokens, world.rank())), sent, pass.title());
            }
          }
          return null;
        });
  }

  @ParameterizedTest(name = "{0} ranks")
  @ValueSource(ints = {1, 2, 5})
  void computesWhatTheSequenceNeeds(int ranks) {
    int tokens = 1024;
    for (Mask mask : Mask.values()) {
      RingWork schedule = new RingWork(ranks, mask, new HeadCounts(8, 2, 64), BF16_GPU);
      AttentionFlops flops = new AttentionFlops(8, 64, mask == Mask.CAUSAL);
      for (RingPass pass : RingPass.values()) {
        double all = 0;
        for (int rank = 0; rank < ranks; rank++) {
          all += schedule.steps(pass, tokens, rank).stream().mapToDouble(Step::flops).sum();
        }
        double expected = pass.work() * flops.forward(1, (long) ranks * tokens);
        assertEquals(expected, all, 1.1e-3 * expected, mask + " " + pass); // the diagonal
      }
    }
  }

  /** Zigzag: every step of a causal ring is half of the square that a full one has. */
  @Test
  void causalStepsAreHalves() {
    RingWork causal = new RingWork(4, Mask.CAUSAL, new HeadCounts(8, 8, 64), BF16_GPU);
    RingWork full = new RingWork(4, Mask.FULL, new HeadCounts(8, 8, 64), BF16_GPU);
    for (int rank = 0; rank < 4; rank++) {
      List<Step> halves = causal.steps(RingPass.FORWARD, 4096, rank);
      for (Step step : full.steps(RingPass.FORWARD, 4096, rank)) {
        assertEquals(4.0 * 8 * 64 * 4096 * 4096, step.flops());
      }
      for (Step step : halves) {
        assertEquals(2.0 * 8 * 64 * 4096 * 4096, step.flops(), 3e-4 * step.flops());
      }
    }
  }

  @Test
  void theBackwardComputesTheOwnBlockInTwoParts() {
    List<Step> steps = BF16.steps(RingPass.BACKWARD, 1000, 1);
    double square = 10.0 * 32 * 128 * 1e6;
    assertEquals(
        List.of(0.25 * square, square, 0.75 * square), steps.stream().map(Step::flops).toList());
    long message = 2L * 1000 * 32 * 128 * 2;
    assertEquals(List.of(message), steps.get(0).messages());
    assertEquals(List.of(), steps.get(1).messages());
    assertEquals(List.of(2 * message), steps.get(2).messages(), "fp32");
  }

  /** The paper's c = F / B, and what it leaves out. */
  @Test
  void formula() {
    assertEquals(1040, BF16.formula(RingPass.FORWARD, 312e12 / 300e9), 1e-9);
    RingWork causal = new RingWork(2, Mask.CAUSAL, new HeadCounts(32, 32, 128), BF16_GPU);
    assertEquals(2080, causal.formula(RingPass.FORWARD, 1040), 1e-9);
    assertEquals(2.4 * 1040, causal.formula(RingPass.BACKWARD, 1040), 1e-9); // 3 / 2.5 of it
    RingWork grouped = new RingWork(2, Mask.CAUSAL, new HeadCounts(32, 8, 128), BF16_GPU);
    assertEquals(520, grouped.formula(RingPass.FORWARD, 1040), 1e-9);
    RingWork fp32 = new RingWork(2, Mask.FULL, new HeadCounts(32, 32, 128), FP32_GPU);
    assertEquals(2080, fp32.formula(RingPass.FORWARD, 1040), 1e-9);
  }

  /** Notes how many bytes each message has. */
  private static final class Recorded extends ForwardingCommunicator {
    private final List<Long> sent;

    private Recorded(Communicator below, List<Long> sent) {
      super(below);
      this.sent = sent;
    }

    @Override
    public Request sendReceive(List<ByteBuffer> send, int to, List<ByteBuffer> receive, int from) {
      sent.add(send.stream().mapToLong(ByteBuffer::remaining).sum());
      return super.sendReceive(send, to, receive, from);
    }

    @Override
    public void close() {}
  }
}
