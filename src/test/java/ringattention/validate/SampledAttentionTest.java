package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.LocalCommunicator;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.TokenLayout;
import ringattention.validate.AttentionProblem.Input;

/** What is loaded, read back and compared of a long sequence is what a short one would show. */
class SampledAttentionTest {
  private static AttentionProblem problem(int length, LayoutKind layout) {
    return new AttentionProblem(length, 2, new HeadCounts(4, 2, 6), Mask.CAUSAL, layout, 1);
  }

  @Test
  void someHeadsAreColumnsOfTheRows() {
    AttentionProblem problem = problem(9, LayoutKind.ZIGZAG);
    int[] positions = IntStream.range(0, 9).toArray();
    for (DType type : List.of(DType.BF16, DType.F32)) {
      double[] rows = problem.rows(Input.KEY, positions, type);
      for (int head = 1; head < 4; head++) { // 2 sequences of 2 key/value heads
        double[] some = problem.rows(Input.KEY, positions, new int[] {0, head}, type);
        for (int i = 0; i < 9 * 6; i++) {
          assertEquals(rows[(i / 6 * 4 + head) * 6 + i % 6], some[(i / 6 * 2 + 1) * 6 + i % 6]);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void sampledRowsAreThoseOfTheWholeResult(LayoutKind layout) {
    AttentionProblem problem = problem(37, layout);
    SampledPlaces sample = new SampledPlaces(new int[] {0, 5, 20, 36}, new int[] {1, 2}, 2);
    LocalCommunicator.run(
        3,
        rank -> {
          try (CpuDevice device = new CpuDevice(1);
              AttentionRunner runner =
                  AttentionRunner.ring(
                      problem, rank, device, DType.F32, new PhaseTimer(System::nanoTime))) {
            runner.forward();
            runner.backward();
            AttentionResult whole = runner.gather();
            AttentionResult some = runner.gather(sample);
            if (rank.rank() == 0) {
              // query heads 2 to 5 of 8, key/value heads 1 and 2 of 4
              assertArrayEquals(columns(whole.out(), sample, 8 * 6, 12, 36), some.out());
              assertArrayEquals(columns(whole.logSumExp(), sample, 8, 2, 6), some.logSumExp());
              assertArrayEquals(columns(whole.dQuery(), sample, 8 * 6, 12, 36), some.dQuery());
              assertArrayEquals(columns(whole.dKey(), sample, 4 * 6, 6, 18), some.dKey());
              assertArrayEquals(columns(whole.dValue(), sample, 4 * 6, 6, 18), some.dValue());
            }
            return null;
          }
        });
  }

  private static double[] columns(double[] whole, SampledPlaces sample, int row, int from, int to) {
    return IntStream.of(sample.positions())
        .flatMap(position -> IntStream.range(position * row + from, position * row + to))
        .mapToDouble(i -> whole[i])
        .toArray();
  }

  /** A row of 262144 elements: 16 positions are on the host at a time. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void inputsAndResultsInPiecesAreRight(int ranks) {
    AttentionProblem problem =
        new AttentionProblem(37, 64, new HeadCounts(64, 1, 64), Mask.CAUSAL, LayoutKind.STRIPED, 1);
    long wrong =
        LocalCommunicator.run(
                ranks,
                rank -> {
                  try (CpuDevice device = new CpuDevice(1);
                      AttentionRunner runner =
                          AttentionRunner.ring(
                              problem, rank, device, DType.F32, new PhaseTimer(System::nanoTime))) {
                    runner.forward();
                    runner.backward();
                    return runner.wrong();
                  }
                })
            .get(0);
    assertEquals(0, wrong);
  }

  @Test
  void longSequencesAreSampledAtFewPositionsOfFewHeads() {
    SampledPlaces all =
        SampledPlaces.of(
            new AttentionProblem(
                4096, 1, new HeadCounts(32, 32, 128), Mask.FULL, LayoutKind.ZIGZAG, 1),
            1);
    assertEquals(32, all.heads().length);
    assertEquals(32, all.positions().length);
    SampledPlaces few =
        SampledPlaces.of(
            new AttentionProblem(
                131072, 1, new HeadCounts(32, 32, 128), Mask.FULL, LayoutKind.ZIGZAG, 1),
            1);
    assertArrayEquals(new int[] {0, 10, 20, 31}, few.heads());
    assertEquals(8, few.positions().length);
    SampledPlaces grouped =
        SampledPlaces.of(
            new AttentionProblem(
                131072, 1, new HeadCounts(32, 8, 128), Mask.FULL, LayoutKind.ZIGZAG, 1),
            1);
    assertArrayEquals(new int[] {0, 1, 2, 3, 28, 29, 30, 31}, grouped.heads());
  }

  /** Both chunks of a zigzag rank, and no more than float64 can do in seconds. */
  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void everyRankHasSamplesInBothHalves(LayoutKind kind) {
    for (int length : new int[] {71, 4097, 20000, 131073, Integer.MAX_VALUE}) {
      for (int ranks : new int[] {1, 2, 3, 4, 5, 7, 8, 16, 17, 32}) {
        AttentionProblem problem = problem(length, kind);
        int[] positions = SampledPlaces.of(problem, ranks).positions();
        assertTrue(positions.length <= 64, length + " tokens, " + positions.length + " samples");
        assertArrayEquals(IntStream.of(positions).sorted().distinct().toArray(), positions);
        TokenLayout layout = problem.layout(ranks);
        for (int rank = 0; rank < ranks; rank++) {
          int holder = rank;
          int half = layout.size(rank) / 2;
          int[] held =
              IntStream.of(positions)
                  .map(position -> Gathered.index(layout, holder, position))
                  .filter(index -> index >= 0)
                  .toArray();
          String what = length + " tokens, rank " + rank + " of " + ranks;
          assertTrue(IntStream.of(held).anyMatch(index -> index < half), what);
          assertTrue(IntStream.of(held).anyMatch(index -> index >= half), what);
        }
      }
    }
  }

  private static ErrorRatio ratio(double[] result, double[] other, double[] truth) {
    return ErrorRatio.of(result, other, truth, new double[] {2}, 0.5, 0);
  }

  @Test
  void aRatioOfErrorsSeesALargerError() {
    double[] truth = {1, 2, 3};
    double[] oneCall = {1.01, 1.99, 3};
    assertEquals(1, ratio(oneCall, oneCall, truth).value());
    assertEquals(2, ratio(new double[] {1.02, 1.98, 3}, oneCall, truth).value(), 1e-9);
    assertTrue(Double.isNaN(ratio(new double[] {1, Double.NaN, 3}, oneCall, truth).value()));
    assertEquals(
        Double.POSITIVE_INFINITY, ratio(oneCall, truth, truth).value(), "exact but for us");
    assertEquals(1e-2 * Math.sqrt(2.0 / 3), ratio(oneCall, truth, truth).error(), 1e-12);
  }

  /** A ratio of roundings says nothing; a ring without any error where one call has some does. */
  @Test
  void smallErrorsAreNotJudgedByTheirRatio() {
    assertEquals(0.9, new ErrorRatio(0.9, 0.1, 1).value());
    assertEquals(0, new ErrorRatio(0, 0.01, 1).least(0.5));
    ErrorRatio nothing = new ErrorRatio(1e-5, 0.4, 1);
    assertTrue(nothing.value() < nothing.least(0.1));
    ErrorRatio half = new ErrorRatio(0.2, 0.4, 1);
    assertTrue(half.value() >= half.least(0.1));
    assertEquals(0.1, new ErrorRatio(1, 4, 1).least(0.1));
  }

  @Test
  void inMixedPrecisionScoresBringLittleError() {
    Thresholds mixed = new Thresholds(new Rounding(DType.BF16, DType.F32));
    assertEquals(4, mixed.attentionOutput(128), 1e-3);
    assertEquals(28, new Thresholds(new Rounding(DType.F32, DType.F32)).attentionOutput(128));
    assertEquals(28, Thresholds.logSumExp(128));
  }
}
