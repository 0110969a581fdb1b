package ringattention.validate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ringattention.comm.LocalCommunicator;
import ringattention.device.DType;
import ringattention.device.HeadCounts;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;

/** The whole truth, in pieces, and what errors are relative to. */
class AttentionTruthTest {
  private static AttentionProblem problem(int length, int batch, int heads, int headSize) {
    return new AttentionProblem(
        length, batch, new HeadCounts(heads, 1, headSize), Mask.CAUSAL, LayoutKind.CONTIGUOUS, 1);
  }

  @Test
  void sumsCountInStepsOfTheirOwnType() {
    AttentionTruth truth =
        new AttentionTruth(
            AttentionResult.zeros(2, 1, 1, 1),
            Map.of(Quantity.OUT, new double[] {1, 2}),
            Map.of(Quantity.OUT, new double[] {100, 10}));
    assertArrayEquals(new double[] {26, 4.5}, truth.scales(Quantity.OUT, 0.25));
  }

  @Test
  void piecesAreOf262144Elements() {
    AttentionProblem problem = problem(9, 2, 4, 32);
    assertEquals(1024, AttentionTruth.piece(problem, SampledPlaces.whole(problem)));
    AttentionProblem wide = problem(9, 2, 1024, 256);
    assertEquals(1, AttentionTruth.piece(wide, SampledPlaces.whole(wide)));
  }

  /** Nine positions, of which four are on the host at a time. */
  @Test
  void piecesMakeTheSameTruth() {
    AttentionProblem problem = problem(9, 64, 64, 16);
    SampledPlaces sample = SampledPlaces.whole(problem);
    assertEquals(4, AttentionTruth.piece(problem, sample));
    int[] all = IntStream.range(0, 9).toArray();
    ShardTruth shard = new ShardTruth(problem, sample, DType.F32);
    shard.keys(all);
    AttentionResult queries = shard.queriesDone(LocalCommunicator.single());
    shard.queries(all, queries.logSumExp(), queries.rowSum());
    AttentionTruth atOnce = shard.done(LocalCommunicator.single());
    AttentionTruth inPieces = AttentionTruth.whole(problem, DType.F32);
    for (Quantity quantity : Quantity.values()) {
      Residual residual =
          Residual.relative(inPieces.result().of(quantity), atOnce.result().of(quantity), 1);
      assertEquals(0, residual.value(), 1e-13, quantity.toString());
      assertEquals(
          0,
          Residual.relative(inPieces.scales(quantity, 1), atOnce.scales(quantity, 1), 1).value(),
          1e-13,
          quantity.toString());
    }
  }
}
