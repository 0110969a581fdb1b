package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.comm.Communicator;
import ringattention.comm.LocalCommunicator;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.device.cpu.CpuDevice;
import ringattention.metrics.PhaseTimer;
import ringattention.report.Check;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/**
 * Checks of long sequences see errors that are as small as what they are made of, in any memory.
 */
class LongSequenceTest {
  private static final Rounding MIXED = new Rounding(DType.BF16, DType.F32);

  private static AttentionProblem problem(int length, Mask mask) {
    return new AttentionProblem(length, 1, new HeadCounts(2, 1, 16), mask, LayoutKind.ZIGZAG, 1);
  }

  private static PhaseTimer timer() {
    return new PhaseTimer(System::nanoTime);
  }

  /**
   * To the nearest number of 8 significant bits, as a GPU rounds; to even where two are as near.
   */
  private static double bf16(double value) {
    int bits = Float.floatToIntBits((float) value);
    return Float.intBitsToFloat((bits + 0x7FFF + (bits >>> 16 & 1)) & 0xFFFF0000);
  }

  private static double[] changed(double[] values, DoubleUnaryOperator change) {
    return DoubleStream.of(values).map(change).toArray();
  }

  private static AttentionResult changed(AttentionResult result, DoubleUnaryOperator change) {
    return new AttentionResult(
        changed(result.out(), change),
        result.logSumExp(),
        changed(result.rowSum(), change),
        changed(result.dQuery(), change),
        changed(result.dKey(), change),
        changed(result.dValue(), change));
  }

  private static double steps(AttentionTruth truth, Quantity quantity, DoubleUnaryOperator change) {
    Map<Quantity, Residual> residuals = changed(truth.result(), change).residuals(truth, MIXED);
    return residuals.get(quantity).value() / new Thresholds(MIXED).attention(quantity, 16);
  }

  /** The output of a query is an average of many values: from 3000 on smaller than eps max|V|. */
  @ParameterizedTest
  @ValueSource(ints = {100, 3000, 16384, 65536})
  void outputsInBf16(int length) {
    AttentionProblem problem = problem(length, Mask.FULL);
    SampledPlaces sample = new SampledPlaces(new int[] {length / 3, length - 1}, new int[] {0}, 2);
    ShardTruth shard = new ShardTruth(problem, sample, DType.BF16);
    int piece = AttentionTruth.piece(problem, sample);
    for (int from = 0; from < length; from += piece) {
      shard.keys(IntStream.range(from, Math.min(length, from + piece)).toArray());
    }
    shard.queriesDone(LocalCommunicator.single());
    AttentionTruth truth = shard.done(LocalCommunicator.single());
    double right = steps(truth, Quantity.OUT, LongSequenceTest::bf16);
    assertTrue(0 < right && right < 0.5, length + " tokens: " + right);
    assertTrue(steps(truth, Quantity.OUT, value -> 0) > 5);
    assertTrue(steps(truth, Quantity.OUT, value -> bf16(2 * value)) > 5);
  }

  @ParameterizedTest
  @EnumSource(Mask.class)
  void gradientsInBf16(Mask mask) {
    AttentionTruth truth = AttentionTruth.whole(problem(1500, mask), DType.BF16);
    for (Quantity quantity :
        List.of(Quantity.QUERY_GRADIENT, Quantity.KEY_GRADIENT, Quantity.VALUE_GRADIENT)) {
      assertTrue(steps(truth, quantity, LongSequenceTest::bf16) < 0.5);
      // late rows only, whose gradients are a hundredth of the first: not hidden behind those
      double[] late = truth.result().of(quantity).clone();
      double[] scales = truth.scales(quantity, MIXED.sumStep());
      int from = late.length * 9 / 10;
      for (double factor : new double[] {0, 2}) {
        double[] spoilt = late.clone();
        IntStream.range(from, late.length).forEach(i -> spoilt[i] = factor * late[i]);
        double value = Residual.byRow(spoilt, late, scales, DType.BF16.epsilon()).value();
        double threshold = new Thresholds(MIXED).attention(quantity, 16);
        assertTrue(value > 1.5 * threshold, quantity + ", times " + factor + ": " + value);
      }
    }
  }

  /** The truth in shares of the ranks is that of one rank. */
  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void truthInShares(LayoutKind layout) {
    AttentionProblem problem =
        new AttentionProblem(41, 1, new HeadCounts(4, 2, 6), Mask.CAUSAL, layout, 2);
    AttentionProblem packed = problem.packed(Packing.of(3, problem.layout(3), 1));
    AttentionTruth whole = AttentionTruth.whole(packed, DType.F32);
    int[] all = IntStream.range(0, 41).toArray();
    AttentionTruth shares =
        LocalCommunicator.run(
                3, ring -> share(packed, new SampledPlaces(all, new int[] {0, 1}, 2), ring, whole))
            .get(1);
    for (Quantity quantity : Quantity.values()) {
      Residual result =
          Residual.relative(shares.result().of(quantity), whole.result().of(quantity), 1);
      assertEquals(0, result.value(), 1e-13, quantity.toString());
      for (double sumStep : new double[] {0, 1}) {
        Residual scale =
            Residual.relative(shares.scales(quantity, sumStep), whole.scales(quantity, sumStep), 1);
        assertEquals(0, scale.value(), 1e-13, quantity.toString());
      }
    }
  }

  private static AttentionTruth share(
      AttentionProblem problem, SampledPlaces sample, Communicator ring, AttentionTruth totals) {
    ShardTruth truth = new ShardTruth(problem, sample, DType.F32);
    int[] mine = problem.layout(3).positions(ring.rank());
    truth.keys(mine);
    truth.queriesDone(ring);
    truth.queries(
        mine, rows(totals.result().logSumExp(), mine, 4), rows(totals.result().rowSum(), mine, 4));
    return truth.done(ring);
  }

  private static double[] rows(double[] whole, int[] positions, int columns) {
    return IntStream.of(positions)
        .flatMap(position -> IntStream.range(position * columns, (position + 1) * columns))
        .mapToDouble(i -> whole[i])
        .toArray();
  }

  private static List<Check> within(AttentionProblem problem, int ranks, long cap, long room) {
    return LocalCommunicator.run(
            ranks,
            world -> {
              try (CpuDevice device = new CpuDevice(1, cap)) {
                return new AttentionChecks(world, device, timer(), room).sampled(problem);
              }
            })
        .get(0);
  }

  private static long needed(AttentionProblem problem, int ranks) {
    try (CpuDevice device = new CpuDevice(1)) {
      return IntStream.range(0, ranks)
          .mapToLong(rank -> AttentionBuffers.ringBytes(problem, ranks, rank, device))
          .max()
          .orElseThrow();
    }
  }

  /** The plan is enough to the byte: a device that has no more can do it. */
  @Test
  void memoryIsPlanned() {
    AttentionProblem problem =
        new AttentionProblem(501, 2, new HeadCounts(8, 4, 16), Mask.CAUSAL, LayoutKind.ZIGZAG, 1);
    long all = needed(problem, 4);
    List<Check> whole = within(problem, 4, all, all);
    assertEquals(11, whole.size());
    assertTrue(whole.get(0).name().contains("x 2, heads 8/4"), whole.get(0).name());
    long one = needed(problem.smaller(1, 1), 4);
    List<Check> smaller = within(problem, 4, one, one);
    assertTrue(smaller.get(0).name().contains("x 1, heads 2/1"), smaller.get(0).name());
    for (Check check : smaller) {
      assertTrue(check.verdict() != Check.Verdict.FAILED, check::toString);
    }
  }

  @Test
  void withoutRoomNothingIsChecked() {
    AttentionProblem problem = problem(501, Mask.CAUSAL);
    long one = needed(problem.smaller(1, 1), 4);
    List<Check> none = within(problem, 4, Long.MAX_VALUE, one - 1);
    assertEquals(1, none.size());
    assertEquals(Check.Verdict.NOT_CHECKED, none.get(0).verdict());
    assertTrue(none.get(0).formula().startsWith("a rank needs "), none.get(0).formula());
    // a device that has less than it said
    List<Check> less = within(problem, 4, one - (1 << 14), Long.MAX_VALUE);
    assertEquals(Check.Verdict.NOT_CHECKED, less.get(0).verdict());
  }
}
