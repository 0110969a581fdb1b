package ringattention.attention;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.reference.ReferenceDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.validate.AttentionProblem;
import ringattention.validate.AttentionResult;
import ringattention.validate.AttentionRunner;

/**
 * The ring over in-process ranks, in float64, against vanilla attention in float64: equal but for
 * the order of sums.
 */
class RingAttentionTest {
  private static final double ROUNDING =
      1e-12; // thousands of float64 roundings; any real mistake is above 1e-3

  static List<AttentionProblem> problems(int ranks) {
    List<AttentionProblem> problems = new ArrayList<>();
    for (LayoutKind layout : LayoutKind.values()) {
      for (Mask mask : Mask.values()) {
        problems.add(new AttentionProblem(2 * ranks, 1, new HeadCounts(2, 2, 4), mask, layout, 1));
        problems.add(new AttentionProblem(29, 2, new HeadCounts(4, 2, 6), mask, layout, 2));
        problems.add(new AttentionProblem(48, 1, new HeadCounts(3, 1, 8), mask, layout, 3));
      }
    }
    return problems;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyNumberOfRanksComputesVanillaAttention(int ranks) {
    for (AttentionProblem problem : problems(ranks)) {
      assertVanilla(problem, ranks, ReferenceDevice::new);
    }
  }

  /** Work done as late as possible, causal blocks cut into short ones. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void aDeviceThatWorksWhileTheHostWaits(int ranks) {
    for (AttentionProblem problem : problems(ranks)) {
      assertVanilla(problem, ranks, () -> new LateDevice(5));
    }
  }

  /** Few long documents, boundaries on and beside the shards' ends, many short ones. */
  static List<AttentionProblem> packed(int ranks) {
    List<AttentionProblem> problems = new ArrayList<>();
    int shard = 48 / ranks;
    for (AttentionProblem problem : problems(ranks)) {
      int length = problem.length();
      problems.add(problem.packed(Documents.startingAt(0, length - 1)));
      problems.add(
          problem.packed(
              new Documents(IntStream.range(0, length).filter(i -> i % 5 < 2).boxed().toList())));
      if (length == 48) {
        IntStream ends = IntStream.of(0, shard - 1, shard, 2 * shard + 1);
        problems.add(
            problem.packed(new Documents(ends.filter(start -> start < length).boxed().toList())));
      }
    }
    return problems;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5})
  void documentsDoNotSeeEachOther(int ranks) {
    for (AttentionProblem problem : packed(ranks)) {
      assertVanilla(problem, ranks, ReferenceDevice::new);
    }
  }

  /** Short causal blocks, in tiles of 2. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void documentsOnADeviceThatWorksWhileTheHostWaits(int ranks) {
    for (AttentionProblem problem : packed(ranks)) {
      assertVanilla(problem, ranks, () -> new LateDevice(15, 2));
    }
  }

  @Test
  void severalDocumentsInABatchAreRefused() {
    Documents three = Documents.startingAt(0, 5, 9);
    AttentionProblem batch =
        new AttentionProblem(
            29, 2, new HeadCounts(4, 2, 6), Mask.CAUSAL, LayoutKind.ZIGZAG, 1, three, 1, 1);
    AttentionProblem beyond =
        new AttentionProblem(
            9, 1, new HeadCounts(4, 2, 6), Mask.CAUSAL, LayoutKind.ZIGZAG, 1, three, 1, 1);
    for (boolean vanilla : new boolean[] {false, true}) {
      for (AttentionProblem problem : List.of(batch, beyond)) {
        assertThrows(
            IllegalArgumentException.class,
            () -> solve(problem, LocalCommunicator.single(), ReferenceDevice::new, vanilla));
      }
    }
  }

  private static void assertVanilla(AttentionProblem problem, int ranks, Supplier<Device> device) {
    AttentionResult ring =
        LocalCommunicator.run(ranks, rank -> solve(problem, rank, device, false)).get(0);
    AttentionResult vanilla =
        solve(problem, LocalCommunicator.single(), ReferenceDevice::new, true);
    assertClose(problem + " out", ring.out(), vanilla.out());
    assertClose(problem + " logSumExp", ring.logSumExp(), vanilla.logSumExp());
    assertClose(problem + " dQuery", ring.dQuery(), vanilla.dQuery());
    assertClose(problem + " dKey", ring.dKey(), vanilla.dKey());
    assertClose(problem + " dValue", ring.dValue(), vanilla.dValue());
  }

  private static AttentionResult solve(
      AttentionProblem problem, Communicator rank, Supplier<Device> make, boolean vanilla) {
    PhaseTimer timer = new PhaseTimer(System::nanoTime);
    try (Device device = make.get();
        AttentionRunner runner =
            vanilla
                ? AttentionRunner.vanilla(problem, rank, device, DType.F64, timer)
                : AttentionRunner.ring(problem, rank, device, DType.F64, timer)) {
      runner.forward();
      runner.backward();
      return runner.gather();
    }
  }

  private static void assertClose(String what, double[] result, double[] truth) {
    for (int i = 0; i < truth.length; i++) {
      double difference = Math.abs(result[i] - truth[i]);
      assertTrue(difference <= ROUNDING, what + " [" + i + "] is off by " + difference);
    }
  }
}
