package ringattention.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringattention.shard.LayoutKind;
import ringattention.shard.Mask;
import ringattention.shard.Mesh;
import ringattention.shard.TokenLayout;
import ringattention.validate.TransformerProblem;

/** Rows of all ranks become whole sequences: a row in another's place would be a wrong logit. */
class BatchRowsTest {
  private static final int LENGTH = 11;
  private static final int BATCH = 4; // of the job
  private static final int COLUMNS = 3;

  private static double number(int sequence, int position, int column) {
    return 10_000 * sequence + 10 * position + column;
  }

  @ParameterizedTest
  @EnumSource(LayoutKind.class)
  void everyRowIsAtItsPlace(LayoutKind layout) {
    for (Mesh ranks : List.of(Mesh.of(1, 1), Mesh.of(4, 2), Mesh.of(3, 3))) {
      ModelSetup setup =
          TransformerProblem.small(LENGTH, BATCH, Mask.CAUSAL, layout, 1).ring(ranks);
      double[] whole = new BatchRows(setup).join(parts(setup, ranks), COLUMNS);
      assertEquals(BATCH * LENGTH * COLUMNS, whole.length);
      for (int at = 0; at < whole.length; at++) {
        int row = at / COLUMNS;
        assertEquals(number(row / LENGTH, row % LENGTH, at % COLUMNS), whole[at], "at " + at);
      }
    }
  }

  /** What ranks hold: [tokens, batch of a ring, columns]. */
  private static List<double[]> parts(ModelSetup setup, Mesh ranks) {
    TokenLayout layout = setup.layout();
    int batch = BATCH / ranks.data();
    List<double[]> parts = new ArrayList<>();
    for (int rank = 0; rank < ranks.world(); rank++) {
      List<Double> rows = new ArrayList<>();
      for (int position : layout.positions(ranks.ringRank(rank))) {
        for (int b = 0; b < batch; b++) {
          for (int column = 0; column < COLUMNS; column++) {
            rows.add(number(ranks.dataRank(rank) * batch + b, position, column));
          }
        }
      }
      parts.add(rows.stream().mapToDouble(Double::doubleValue).toArray());
    }
    return parts;
  }
}
