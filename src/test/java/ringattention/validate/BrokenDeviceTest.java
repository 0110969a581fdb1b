package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.BlockAttention.Gradients;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.WatchedDevice.Watcher;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.report.Check.Verdict;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;

/** The checks pass on a sound device, and on one that computes a little wrong they do not. */
class BrokenDeviceTest {
  private static final AttentionProblem ATTENTION =
      new AttentionProblem(24, 1, new HeadCounts(4, 2, 8), Mask.CAUSAL, LayoutKind.ZIGZAG, 1);
  private static final TransformerProblem TRANSFORMER =
      TransformerProblem.small(16, 2, Mask.CAUSAL, LayoutKind.ZIGZAG, 3);

  /** Where a fault goes: a result of attention's kernels. */
  private enum Place {
    O,
    LSE,
    DQ,
    DK,
    DV
  }

  /**
   * Changes what a kernel gives.
   *
   * @param elements how many of the last ones
   */
  private static Watcher fault(
      Place place, int elements, DoubleUnaryOperator change, Device device) {
    return (method, arguments, call) -> {
      Object result = call.make();
      Tensor wrong =
          switch (method) {
            case "forward" -> place == Place.O ? (Tensor) arguments[4] : lse(place, arguments[5]);
            case "backward" -> gradient(place, (Gradients) arguments[8]);
            default -> null;
          };
      if (wrong != null) {
        double[] values = device.read(wrong);
        for (int i = Math.max(0, values.length - elements); i < values.length; i++) {
          values[i] = change.applyAsDouble(values[i]);
        }
        device.write(wrong, values);
      }
      return result;
    };
  }

  private static Tensor lse(Place place, Object logSumExp) {
    return place == Place.LSE ? (Tensor) logSumExp : null;
  }

  private static Tensor gradient(Place place, Gradients into) {
    return switch (place) {
      case DQ -> into.dq();
      case DK -> into.dk();
      case DV -> into.dv();
      default -> null;
    };
  }

  private static List<Check> onRanks(
      int ranks,
      BiFunction<Communicator, Device, Watcher> watcher,
      BiFunction<Communicator, Device, List<Check>> body) {
    return LocalCommunicator.run(
            ranks,
            rank -> {
              try (Device sound = new CpuDevice(1)) {
                return body.apply(rank, WatchedDevice.around(sound, watcher.apply(rank, sound)));
              }
            })
        .get(0);
  }

  private static Watcher sound(Communicator rank, Device device) {
    return (method, arguments, call) -> call.make();
  }

  /** The fault is on the last rank only. */
  private static BiFunction<Communicator, Device, Watcher> faulty(
      Place place, DoubleUnaryOperator change) {
    return (rank, device) ->
        rank.rank() == rank.size() - 1 ? fault(place, 1, change, device) : sound(rank, device);
  }

  private static PhaseTimer timer() {
    return new PhaseTimer(System::nanoTime);
  }

  private static List<Check> transformer(Communicator rank, Device device) {
    return new TransformerChecks(rank, device, timer())
        .ring(TRANSFORMER, Mesh.of(rank.size(), rank.size()));
  }

  private static void assertPassed(List<Check> checks) {
    assertFalse(checks.isEmpty());
    for (Check check : checks) {
      assertEquals(Verdict.PASSED, check.verdict(), check.toString());
    }
  }

  private static boolean failed(List<Check> checks, String name) {
    return checks.stream()
        .anyMatch(
            check -> check.verdict() == Verdict.FAILED && check.name().startsWith(name + ","));
  }

  @Test
  void aSoundDevicePasses() {
    assertPassed(onRanks(2, BrokenDeviceTest::sound, BrokenDeviceTest::transformer));
    assertPassed(
        onRanks(
            1,
            BrokenDeviceTest::sound,
            (rank, device) ->
                new TransformerChecks(rank, device, timer()).architectures(TRANSFORMER)));
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void parametersOfTheTransformerAreFoundWrong(Place place) {
    assertTrue(
        failed(onRanks(2, faulty(place, x -> x + 1), BrokenDeviceTest::transformer), "gradients"));
  }

  @Test
  void aWrongLossIsFound() {
    List<Check> checks = onRanks(2, faulty(Place.O, x -> x + 100), BrokenDeviceTest::transformer);
    assertTrue(failed(checks, "loss"), checks.toString());
  }

  /** The sampled elements that are wrong are counted for the benchmarks. */
  @ParameterizedTest
  @EnumSource(Place.class)
  void wrongElementsAreCounted(Place place) {
    for (boolean broken : new boolean[] {true, false}) {
      List<Long> counts =
          LocalCommunicator.run(
              2,
              rank -> {
                try (Device sound = new CpuDevice(1)) {
                  Watcher watcher =
                      broken
                          ? faulty(place, x -> Double.NaN).apply(rank, sound)
                          : sound(rank, sound);
                  Device device = WatchedDevice.around(sound, watcher);
                  try (AttentionRunner runner =
                      AttentionRunner.ring(ATTENTION, rank, device, device.compute(), timer())) {
                    runner.forward();
                    runner.backward();
                    return runner.wrong();
                  }
                }
              });
      assertEquals(broken, counts.get(0) > 0, place + " " + counts);
      assertEquals(0, counts.get(1));
    }
  }

  /** A mask that leaks: every query sees all keys of its block. */
  private static Watcher leaking(Communicator rank, Device device) {
    return (method, arguments, call) -> {
      if (method.equals("forward") || method.equals("backward")) {
        arguments[3] = Mask.FULL;
      }
      return call.make();
    };
  }

  /** Blocks of other ranks that are not merged: a ring that is not connected. */
  private static Watcher unmerged(Communicator rank, Device device) {
    return (method, arguments, call) -> method.equals("merge") ? null : call.make();
  }

  private static List<Check> perturbed(Communicator rank, Device device, Mask mask) {
    return new PerturbationProbe(rank, device, timer())
        .probe(TransformerProblem.small(12, 1, mask, LayoutKind.CONTIGUOUS, 3));
  }

  @Test
  void aMaskThatLeaksIsFound() {
    for (int ranks = 1; ranks <= 2; ranks++) {
      assertPassed(
          onRanks(
              ranks,
              BrokenDeviceTest::sound,
              (rank, device) -> perturbed(rank, device, Mask.CAUSAL)));
      assertTrue(
          failed(
              onRanks(
                  ranks,
                  BrokenDeviceTest::leaking,
                  (rank, device) -> perturbed(rank, device, Mask.CAUSAL)),
              "probe"));
    }
  }

  @Test
  void aRingThatIsNotConnectedIsFound() {
    for (Mask mask : Mask.values()) {
      assertPassed(
          onRanks(2, BrokenDeviceTest::sound, (rank, device) -> perturbed(rank, device, mask)));
      assertTrue(
          failed(
              onRanks(
                  2, BrokenDeviceTest::unmerged, (rank, device) -> perturbed(rank, device, mask)),
              "probe"));
    }
  }

  private static List<Check> documents(Communicator rank, Device device, Mask mask) {
    AttentionProblem problem =
        new AttentionProblem(12, 1, new HeadCounts(2, 2, 4), mask, LayoutKind.CONTIGUOUS, 1);
    return new DocumentProbe(rank, device, timer())
        .probe(problem.packed(Packing.of(3, problem.layout(rank.size()), 1)));
  }

  /** Results that no token changes, and ones that change by themselves. */
  @Test
  void documentsThatSeeTooMuchOrTooLittleAreFound() {
    for (Mask mask : Mask.values()) {
      assertPassed(
          onRanks(2, BrokenDeviceTest::sound, (rank, device) -> documents(rank, device, mask)));
      for (Place place : Place.values()) {
        int[] count = new int[1];
        List<Check> restless =
            onRanks(
                2, faulty(place, x -> count[0]++), (rank, device) -> documents(rank, device, mask));
        assertTrue(failed(restless, "probe"), place + " " + mask);
        List<Check> deaf =
            onRanks(
                1,
                (rank, device) -> fault(place, Integer.MAX_VALUE, x -> 0, device),
                (rank, device) -> documents(rank, device, mask));
        assertTrue(failed(deaf, "probe"), place + " " + mask);
      }
    }
  }

  /** Only rank 0 has the checks. */
  @Test
  void otherRanksHaveNone() {
    List<List<Check>> checks =
        LocalCommunicator.run(
            2,
            rank -> {
              try (Device device = new CpuDevice(1)) {
                return Stream.of(
                        transformer(rank, device),
                        perturbed(rank, device, Mask.FULL),
                        documents(rank, device, Mask.FULL),
                        new TransformerChecks(rank, device, timer()).architectures(TRANSFORMER))
                    .flatMap(List::stream)
                    .toList();
              }
            });
    assertTrue(checks.get(0).size() > 10);
    assertEquals(List.of(), checks.get(1));
  }

  /** Messages left out: for the time of the computation alone, in the ring's own buffers. */
  @Test
  void theComputationRunsWithoutItsMessages() {
    LocalCommunicator.run(
        2,
        rank -> {
          try (Device device = new CpuDevice(1);
              AttentionRunner runner =
                  AttentionRunner.ring(ATTENTION, rank, device, device.compute(), timer())) {
            runner.forward();
            runner.backward();
            AttentionResult before = runner.gather();
            runner.poison();
            AttentionResult poisoned = runner.gather();
            runner.forwardUnconnected();
            runner.backwardUnconnected();
            runner.poison();
            runner.forward();
            runner.backward();
            AttentionResult after = runner.gather();
            if (rank.rank() == 0) {
              assertTrue(Arrays.stream(poisoned.out()).allMatch(Double::isNaN));
              assertTrue(Arrays.stream(poisoned.logSumExp()).allMatch(Double::isNaN));
              assertTrue(Arrays.stream(poisoned.dQuery()).allMatch(Double::isNaN));
              assertTrue(Arrays.stream(poisoned.dKey()).allMatch(Double::isNaN));
              assertTrue(Arrays.equals(before.out(), after.out()));
              assertTrue(Arrays.equals(before.dQuery(), after.dQuery()));
              assertTrue(Arrays.equals(before.dValue(), after.dValue()));
            }
            return null;
          }
        });
  }
}
