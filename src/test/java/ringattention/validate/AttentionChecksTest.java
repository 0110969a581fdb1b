package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ringattention.comm.LocalCommunicator;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.cpu.CpuDevice;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.report.Check.Verdict;
import ringattention.report.Units;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** What is computed and compared in how much memory. */
class AttentionChecksTest {
  private static final int RANKS = 4;
  private static final AttentionProblem PROBLEM =
      new AttentionProblem(48, 1, new HeadCounts(8, 4, 16), Mask.CAUSAL, LayoutKind.ZIGZAG, 1);

  private static PhaseTimer timer() {
    return new PhaseTimer(System::nanoTime);
  }

  private static AttentionChecks checks(Device device, long room) {
    return new AttentionChecks(LocalCommunicator.single(), device, timer(), room);
  }

  private static long oneCallBytes(AttentionProblem problem) {
    try (CpuDevice device = new CpuDevice(1)) {
      return AttentionBuffers.oneCallBytes(problem, device);
    }
  }

  /**
   * Checks of all ranks.
   *
   * @param calls made to compare the ring with, by all ranks
   */
  private record Outcome(List<Check> checks, int calls) {
    static Outcome of(AttentionProblem problem, int ranks, long cap, long room) {
      AtomicInteger calls = new AtomicInteger();
      List<Check> checks =
          LocalCommunicator.run(
                  ranks,
                  world -> {
                    try (CpuDevice device = new CpuDevice(1, cap)) {
                      return new AttentionChecks(
                              world,
                              device,
                              timer(),
                              room,
                              ring -> {},
                              call -> calls.incrementAndGet())
                          .sampled(problem);
                    }
                  })
              .get(0);
      return new Outcome(checks, calls.get());
    }
  }

  private static void assertSame(List<Check> expected, List<Check> found) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      Check check = found.get(i);
      assertEquals(expected.get(i).name(), check.name());
      assertEquals(Verdict.PASSED, check.verdict(), check::toString);
      assertEquals(expected.get(i).value(), check.value(), 0.1 * check.value(), check.name());
    }
  }

  /** All heads in one call on one rank, or each in one of its own, spread over the ranks. */
  @Test
  void whatDoesNotFitInOneCallIsComputedHeadByHead() {
    long one = oneCallBytes(PROBLEM);
    Outcome atOnce = Outcome.of(PROBLEM, RANKS, Long.MAX_VALUE, one);
    assertEquals(1, atOnce.calls());
    assertEquals(6 + 1 + 4, atOnce.checks().size());
    Outcome headByHead = Outcome.of(PROBLEM, RANKS, Long.MAX_VALUE, one - 1);
    assertEquals(8, headByHead.calls());
    assertSame(atOnce.checks(), headByHead.checks());
  }

  @Test
  void aDeviceThatHasLessThanItSaidComputesHeadByHead() {
    Outcome outcome = Outcome.of(PROBLEM, RANKS, oneCallBytes(PROBLEM) - 1, Long.MAX_VALUE);
    assertEquals(8, outcome.calls());
    assertSame(
        Outcome.of(PROBLEM, RANKS, Long.MAX_VALUE, Long.MAX_VALUE).checks(), outcome.checks());
  }

  /** One head, which the ring spreads over eight ranks. */
  @Test
  void withoutRoomForOneHeadTheRingIsNotComparedWithOneCall() {
    AttentionProblem problem =
        new AttentionProblem(
            128, 1, new HeadCounts(1, 1, 16), Mask.CAUSAL, LayoutKind.CONTIGUOUS, 1);
    long one = oneCallBytes(problem);
    for (boolean known : new boolean[] {true, false}) {
      Outcome outcome =
          Outcome.of(
              problem, 8, known ? Long.MAX_VALUE : one - 1, known ? one - 1 : Long.MAX_VALUE);
      assertEquals(0, outcome.calls());
      assertEquals(6 + 1 + 1, outcome.checks().size());
      Check last = outcome.checks().get(7);
      assertEquals(Verdict.NOT_CHECKED, last.verdict());
      assertEquals("ring vs one call, " + problem, last.name());
      assertTrue(
          last.formula().startsWith("a rank needs " + Units.bytes(one) + " on its device"),
          last.formula());
    }
  }

  /** 2^31 - 1 is a prime number: of so many positions, one head of one element is just right. */
  @Test
  void oneCallHasNoMoreElementsThanAnIntCounts() {
    try (CpuDevice device = new CpuDevice(1)) {
      AttentionChecks checks = checks(device, Long.MAX_VALUE);
      assertTrue(checks.isOneCall(long31(1)));
      assertFalse(checks.isOneCall(long31(2)));
      assertFalse(checks(device, 1L << 30).isOneCall(long31(1)));
    }
  }

  private static AttentionProblem long31(int headSize) {
    return new AttentionProblem(
        Integer.MAX_VALUE,
        1,
        new HeadCounts(1, 1, headSize),
        Mask.CAUSAL,
        LayoutKind.CONTIGUOUS,
        1);
  }

  @Test
  void aWholeResultOfFourMillionElementsFitsWhereItsBuffersDo() {
    try (CpuDevice device = new CpuDevice(1)) {
      AttentionProblem most = wide(1 << 20);
      long needed = AttentionBuffers.ringBytes(most, 1, 0, device);
      assertTrue(checks(device, needed).fits(most));
      assertFalse(checks(device, needed - 1).fits(most));
      assertFalse(checks(device, Long.MAX_VALUE).fits(wide((1 << 20) + 1)));
    }
  }

  private static AttentionProblem wide(int length) {
    return new AttentionProblem(
        length, 1, new HeadCounts(2, 1, 2), Mask.CAUSAL, LayoutKind.CONTIGUOUS, 1);
  }

  /** A fault at a position that no sample holds. */
  @Test
  void aWholeCheckSeesEveryPosition() {
    AttentionProblem problem =
        new AttentionProblem(64, 1, new HeadCounts(2, 1, 8), Mask.CAUSAL, LayoutKind.CONTIGUOUS, 1);
    int[] sampled = SampledPlaces.of(problem, 1).positions();
    int unseen =
        IntStream.range(0, 64)
            .filter(position -> Arrays.binarySearch(sampled, position) < 0)
            .findFirst()
            .orElseThrow();
    try (CpuDevice device = new CpuDevice(1)) {
      AttentionChecks checks =
          new AttentionChecks(
              LocalCommunicator.single(),
              device,
              timer(),
              Long.MAX_VALUE,
              ring -> {
                Tensor row = ring.tensor(Quantity.OUT).slice(unseen, unseen + 1);
                device.kernels().fill(row, 100);
              },
              call -> {});
      assertEquals(Verdict.FAILED, checks.whole(problem).get(0).verdict());
      for (Check check : checks.sampled(problem)) {
        assertEquals(Verdict.PASSED, check.verdict(), check::toString);
      }
    }
  }

  /** Float64 against float64 leaves no error to divide by another. */
  @Test
  void inFloat64TheRingIsNotComparedWithOneCall() {
    try (ReferenceDevice device = new ReferenceDevice()) {
      List<Check> checks = checks(device, Long.MAX_VALUE).whole(PROBLEM);
      assertEquals(
          Arrays.stream(Quantity.values())
              .map(quantity -> quantity.symbol() + ", " + PROBLEM)
              .toList(),
          checks.stream().map(Check::name).toList());
    }
  }

  @Test
  void theWorkspaceIsReservedBeforeAnythingIsAllocated() {
    List<String> seen = new ArrayList<>();
    try (CpuDevice host = new CpuDevice(1)) {
      Device device =
          WatchedDevice.around(
              host,
              (method, arguments, call) -> {
                if (method.equals("reserveWorkspace")) {
                  seen.add(method);
                  assertEquals(AttentionBuffers.ringCalls(PROBLEM, 1, 0, host), arguments[0]);
                } else if (method.equals("allocate")) {
                  seen.add(method);
                }
                return call.make();
              });
      checks(device, Long.MAX_VALUE).sampled(PROBLEM);
    }
    assertEquals("reserveWorkspace", seen.get(0));
    assertEquals("allocate", seen.get(1));
  }
}
