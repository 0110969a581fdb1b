package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.device.Tensor;
import ringattention.device.WatchedDevice;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.Documents;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** What a runner loads, computes and leaves behind. */
class AttentionRunnerTest {
  private static final AttentionProblem WHOLE =
      new AttentionProblem(24, 2, new HeadCounts(4, 2, 8), Mask.CAUSAL, LayoutKind.ZIGZAG, 1);
  private static final AttentionProblem PACKED = WHOLE.packed(Documents.startingAt(0, 7, 8));

  private static PhaseTimer timer() {
    return new PhaseTimer(System::nanoTime);
  }

  private static AttentionRunner ring(AttentionProblem problem, Device device) {
    return AttentionRunner.ring(
        problem, LocalCommunicator.single(), device, device.compute(), timer());
  }

  private static AttentionResult result(AttentionRunner runner) {
    runner.forward();
    runner.backward();
    return runner.gather();
  }

  @Test
  void resultsAreNoNumbersUntilTheyAreComputed() {
    try (CpuDevice device = new CpuDevice(1);
        AttentionRunner runner = ring(WHOLE, device)) {
      for (Quantity quantity : List.of(Quantity.OUT, Quantity.LOG_SUM_EXP)) {
        double[] values = device.read(runner.tensor(quantity));
        assertTrue(DoubleStream.of(values).allMatch(Double::isNaN), quantity.toString());
      }
    }
  }

  @Test
  void memoryIsGivenBackAlsoWhereThereIsTooLittle() {
    long needed;
    long before;
    try (CpuDevice device = new CpuDevice(1)) {
      before = device.allocatedBytes();
      try (AttentionRunner runner = ring(WHOLE, device)) {
        needed = device.allocatedBytes();
      }
      assertEquals(before, device.allocatedBytes());
    }
    try (CpuDevice small = new CpuDevice(1, needed - 1)) {
      assertThrows(OutOfMemoryError.class, () -> ring(WHOLE, small));
      assertEquals(before, small.allocatedBytes());
      assertTrue(small.peakBytes() > before);
    }
  }

  /** One rank has nothing to send: without messages its results are the same. */
  @Test
  void withoutMessagesTheSameIsComputed() {
    try (CpuDevice device = new CpuDevice(1);
        AttentionRunner runner = ring(PACKED, device)) {
      AttentionResult connected = result(runner);
      runner.poison();
      runner.forwardUnconnected();
      runner.backwardUnconnected();
      AttentionResult unconnected = runner.gather();
      for (Quantity quantity : Quantity.values()) {
        assertArrayEquals(connected.of(quantity), unconnected.of(quantity), quantity.toString());
      }
    }
  }

  /** What is exchanged would wait for the other rank, which is not there any more. */
  @Test
  void withoutMessagesARankThatExchangesHeadsWaitsForNobody() {
    LocalCommunicator.run(
        2,
        rank -> {
          try (CpuDevice device = new CpuDevice(1);
              AttentionRunner runner =
                  AttentionRunner.ring(
                      WHOLE.exchanged(2), rank, device, device.compute(), timer())) {
            if (rank.rank() == 0) {
              runner.forwardUnconnected();
              runner.backwardUnconnected();
            }
            return null;
          }
        });
  }

  @Test
  void oneCallAttendsToEachDocument() {
    try (CpuDevice device = new CpuDevice(1);
        AttentionRunner runner = AttentionRunner.oneCall(PACKED, device, timer())) {
      result(runner);
      assertEquals(0, runner.wrong());
    }
  }

  @ParameterizedTest
  @EnumSource(Mask.class)
  void vanillaAttentionIsRight(Mask mask) {
    AttentionProblem problem =
        new AttentionProblem(24, 2, new HeadCounts(4, 2, 8), mask, LayoutKind.CONTIGUOUS, 1);
    try (CpuDevice device = new CpuDevice(1);
        AttentionRunner runner =
            AttentionRunner.vanilla(
                problem, LocalCommunicator.single(), device, DType.F32, timer())) {
      result(runner);
      assertEquals(0, runner.wrong());
    }
  }

  @Test
  void headsOneByOneMakeUpTheWholeResult() {
    try (CpuDevice device = new CpuDevice(1)) {
      AttentionResult sum = AttentionResult.zeros(24, 2 * 4, 2 * 2, 8);
      for (int head = 0; head < 2 * 4; head++) {
        try (AttentionRunner runner = AttentionRunner.oneHead(WHOLE, head, device, timer())) {
          sum.add(result(runner), head, 2, 8);
        }
      }
      try (AttentionRunner runner = AttentionRunner.oneCall(WHOLE, device, timer())) {
        AttentionResult whole = result(runner);
        for (Quantity quantity : Quantity.values()) {
          Residual residual = Residual.relative(sum.of(quantity), whole.of(quantity), 1);
          assertEquals(0, residual.value(), 1e-5, quantity.toString());
        }
      }
    }
  }

  /** What kernels read: query, key and value of the forward, and the output's gradient. */
  @Test
  void allInputsOfOneTokenBecomeNoNumbersAndComeBack() {
    int token = 5;
    AttentionProblem problem =
        new AttentionProblem(9, 1, new HeadCounts(4, 2, 3), Mask.FULL, LayoutKind.CONTIGUOUS, 1);
    List<Set<Integer>> rows = new ArrayList<>();
    try (CpuDevice host = new CpuDevice(1)) {
      Device device =
          WatchedDevice.around(
              host,
              (method, arguments, call) -> {
                if (method.equals("forward")) {
                  for (int i = 0; i < 3; i++) {
                    rows.add(rowsThatAreNoNumbers(host, (Tensor) arguments[i]));
                  }
                } else if (method.equals("backward")) {
                  rows.add(rowsThatAreNoNumbers(host, (Tensor) arguments[6]));
                }
                return call.make();
              });
      try (AttentionRunner runner = ring(problem, device)) {
        AttentionResult before = result(runner);
        rows.clear();
        runner.makeNaN(token);
        result(runner);
        Set<Integer> only = Set.of(token);
        assertEquals(List.of(only, only, only, only), rows);
        rows.clear();
        runner.restore(token);
        AttentionResult after = result(runner);
        assertEquals(List.of(Set.of(), Set.of(), Set.of(), Set.of()), rows);
        for (Quantity quantity : Quantity.values()) {
          assertArrayEquals(before.of(quantity), after.of(quantity), quantity.toString());
        }
      }
    }
  }

  private static Set<Integer> rowsThatAreNoNumbers(Device device, Tensor tensor) {
    Set<Integer> rows = new TreeSet<>();
    double[] values = device.read(tensor);
    int row = Math.toIntExact(values.length / tensor.dim(0));
    for (int i = 0; i < tensor.dim(0); i++) {
      if (IntStream.range(i * row, (i + 1) * row).allMatch(at -> Double.isNaN(values[at]))) {
        rows.add(i);
      }
    }
    return rows;
  }

  /** Queries of 1500 x 1024 elements: 1024 positions go at a time. */
  @Test
  void inputsAreLoadedInPiecesOfAMillionElements() {
    AttentionProblem problem =
        new AttentionProblem(
            1500, 1, new HeadCounts(64, 1, 16), Mask.CAUSAL, LayoutKind.CONTIGUOUS, 1);
    List<Integer> written = new ArrayList<>();
    try (CpuDevice host = new CpuDevice(1)) {
      Device device =
          WatchedDevice.around(
              host,
              (method, arguments, call) -> {
                if (method.equals("write")) {
                  written.add(((double[]) arguments[1]).length);
                }
                return call.make();
              });
      try (AttentionRunner runner = ring(problem, device)) {
        assertEquals(
            List.of(
                1 << 20,
                476 * 1024, // queries
                1024 * 16,
                476 * 16, // keys
                1024 * 16,
                476 * 16, // values
                1 << 20,
                476 * 1024), // gradients of the output
            written);
      }
    }
  }
}
