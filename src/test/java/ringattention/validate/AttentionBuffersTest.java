package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.AttentionCall;
import ringattention.device.BlockAttention.Heads;
import ringattention.device.BlockShape;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** What is planned for a device is what a run takes of it. */
class AttentionBuffersTest {
  private static final long WORKSPACE = 1000;

  private static AttentionProblem problem(Mask mask) {
    return new AttentionProblem(24, 1, new HeadCounts(4, 2, 8), mask, LayoutKind.CONTIGUOUS, 1);
  }

  private static PhaseTimer timer() {
    return new PhaseTimer(System::nanoTime);
  }

  /** A device whose kernels need so many bytes; notes for which calls. */
  private static Device greedy(Device device, List<AttentionCall> asked) {
    return WatchedDevice.around(
        device,
        (method, arguments, call) -> {
          if (!method.equals("workspaceBytes")) {
            return call.make();
          }
          for (Object one : (List<?>) arguments[0]) {
            asked.add((AttentionCall) one);
          }
          return WORKSPACE;
        });
  }

  /** Buffers of whole multiples of 256 bytes, to which a plan rounds them. */
  @Test
  void oneCallTakesItsBuffersAndTheWorkspaceOfTheDevice() {
    AttentionProblem problem =
        new AttentionProblem(64, 1, new HeadCounts(4, 2, 8), Mask.CAUSAL, LayoutKind.CONTIGUOUS, 1);
    try (CpuDevice device = new CpuDevice(1)) {
      long before = device.allocatedBytes();
      try (AttentionRunner runner = AttentionRunner.oneCall(problem, device, timer())) {
        assertEquals(
            device.allocatedBytes() - before + WORKSPACE,
            AttentionBuffers.oneCallBytes(problem, greedy(device, new ArrayList<>())));
      }
    }
  }

  /** Each document is a call; those of one length are the same call. */
  @ParameterizedTest
  @EnumSource(Mask.class)
  void theWorkspaceIsThatOfACallForEachDocument(Mask mask) {
    AttentionProblem packed = problem(mask).packed(Documents.startingAt(0, 7, 14, 15));
    List<AttentionCall> asked = new ArrayList<>();
    try (CpuDevice device = new CpuDevice(1)) {
      AttentionBuffers.oneCallBytes(packed, greedy(device, asked));
    }
    assertEquals(List.of(call(7, mask), call(1, mask), call(9, mask)), asked);
  }

  private static AttentionCall call(int length, Mask mask) {
    return new AttentionCall(
        new BlockShape(length, length, 1, new HeadCounts(4, 2, 8)), mask, new Heads(0, 2));
  }

  /** A device that wants causal blocks of 5 at most, and documents in tiles of 2. */
  private static Device cutting(Device device, Set<BlockShape> seen) {
    return WatchedDevice.around(
        device,
        (method, arguments, call) ->
            switch (method) {
              case "causalBlock" -> 5;
              case "documentTile" -> 2;
              case "forward" -> {
                seen.add(BlockShape.of((Tensor) arguments[0], (Tensor) arguments[1]));
                yield call.make();
              }
              default -> call.make();
            });
  }

  /** Of several documents it is planned for the largest parts that any may be cut to. */
  @Test
  void theRingIsPlannedForTheBlocksThatItComputes() {
    AttentionProblem problem = problem(Mask.CAUSAL);
    Set<BlockShape> seen = new HashSet<>();
    try (CpuDevice host = new CpuDevice(1)) {
      Device device = cutting(host, seen);
      try (AttentionRunner runner =
          AttentionRunner.ring(
              problem, LocalCommunicator.single(), device, device.compute(), timer())) {
        runner.forward();
      }
      Set<BlockShape> planned = shapes(AttentionBuffers.ringCalls(problem, 1, 0, device));
      assertEquals(seen, planned);
      Set<BlockShape> packed =
          shapes(
              AttentionBuffers.ringCalls(problem.packed(Documents.startingAt(0, 1)), 1, 0, device));
      assertTrue(packed.containsAll(planned) && packed.size() > planned.size(), packed.toString());
    }
  }

  private static Set<BlockShape> shapes(List<AttentionCall> calls) {
    Set<BlockShape> shapes = new HashSet<>();
    calls.forEach(call -> shapes.add(call.shape()));
    return shapes;
  }
}
