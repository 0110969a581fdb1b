package ringattention.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringattention.device.Arena;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.reference.ReferenceDevice;
import ringattention.parallel.ParameterGroup.Piece;

class ParameterGroupTest {
  private static final ParameterGroup GROUP =
      new ParameterGroup("a", List.of(Rig.MATRIX, Rig.NORM, Rig.LAST));

  @Test
  void parametersLieOneBehindTheOther() {
    assertEquals(15 + 7 + 1, GROUP.elements());
    assertEquals(0, GROUP.offset(Rig.MATRIX));
    assertEquals(15, GROUP.offset(Rig.NORM));
    assertEquals(22, GROUP.offset(Rig.LAST));
  }

  @ParameterizedTest
  @CsvSource({"1, 23", "2, 12", "3, 8", "4, 6", "22, 2", "23, 1", "40, 1"})
  void shardsAreNoLargerThanTheyMustBe(int ranks, long elements) {
    assertEquals(elements, GROUP.shardElements(ranks));
  }

  @Test
  void aShardHoldsPartsOfItsParameters() {
    assertEquals(
        List.of(
            new Piece(Rig.MATRIX, 0, 3, 12),
            new Piece(Rig.NORM, 3, 7, 0),
            new Piece(Rig.LAST, 10, 1, 0)),
        GROUP.pieces(1, 2));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 23, 40})
  void noPieceIsEmpty(int ranks) {
    for (int rank = 0; rank < ranks; rank++) {
      for (Piece piece : GROUP.pieces(rank, ranks)) {
        assertTrue(piece.length() > 0, piece.toString());
      }
    }
  }

  @Test
  void aParameterThatIsNotThereIsRefused() {
    new Rig()
        .run(
            1,
            rank -> {
              Weights weights = rank.parameters().weights(0);
              assertEquals(15, weights.get("matrix").elements());
              assertThrows(IllegalArgumentException.class, () -> weights.get("b.matrix"));
              return null;
            });
  }

  /** Buffers that nothing travels through are not there. */
  @Test
  void onlyWhatIsUsedIsAllocated() {
    ShardBuffers direct = allocate(DType.F64, DType.F64, false);
    assertTrue(direct.weights().wires().isEmpty() && direct.gradientWires().isEmpty());
    assertEquals(null, direct.reduced());
    ShardBuffers adding = allocate(DType.F64, DType.F64, true);
    assertEquals(DType.F64, adding.reduced().dtype());
    ShardBuffers weights = allocate(DType.F32, DType.F64, false);
    assertEquals(DType.F32, weights.weights().wires().get(1).dtype());
    assertEquals(DType.F32, weights.weights().gathered().get(1).dtype());
    assertTrue(weights.gradientWires().isEmpty());
    assertEquals(null, weights.reduced());
    ShardBuffers gradients = allocate(DType.F64, DType.F32, false);
    assertTrue(gradients.weights().wires().isEmpty());
    assertFalse(gradients.gradientWires().isEmpty());
    assertEquals(DType.F32, gradients.gradientWires().get(1).dtype());
    assertEquals(DType.F32, gradients.reduced().dtype());
    assertEquals(12, gradients.reduced().elements());
    assertEquals(2 * 12, gradients.gradients().get(0).elements());
  }

  private static ShardBuffers allocate(DType compute, DType gradientWire, boolean accumulates) {
    try (Device device = new ReferenceDevice();
        Arena arena = new Arena(device)) {
      return ShardBuffers.allocate(
          arena, List.of(GROUP), 2, compute, DType.F64, gradientWire, accumulates);
    }
  }
}
