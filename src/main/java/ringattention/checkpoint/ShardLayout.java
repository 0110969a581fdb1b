package ringattention.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringattention.device.DType;
import ringattention.parallel.Parameter;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.State;

/**
 * What one rank saves, in the order of its file: weights, then first moments, then second moments.
 *
 * @param cuts of parameters that it has parts of, by name; others are whole
 * @param type of every element
 * @param bytes of all pieces
 */
record ShardLayout(List<ShardPiece> pieces, Map<String, ShardCut> cuts, DType type, long bytes) {
  static ShardLayout of(List<ParameterGroup> groups, int rank, int ranks, DType type) {
    List<ShardPiece> pieces = new ArrayList<>();
    long offset = 0;
    for (State state : State.values()) {
      for (ParameterGroup group : groups) {
        for (ParameterGroup.Piece held : group.pieces(rank, ranks)) {
          pieces.add(
              new ShardPiece(held.parameter().name(), state, held.index(), held.length(), offset));
          offset += held.length() * type.bytes();
        }
      }
    }
    return new ShardLayout(List.copyOf(pieces), cuts(groups), type, offset);
  }

  private static Map<String, ShardCut> cuts(List<ParameterGroup> groups) {
    Map<String, ShardCut> cuts = new LinkedHashMap<>();
    for (ParameterGroup group : groups) {
      group.parameters().stream()
          .filter(Parameter::isCut)
          .forEach(parameter -> cuts.put(parameter.name(), ShardCut.of(parameter)));
    }
    return cuts;
  }

  /** Returns which elements of the piece's parameter are in the part that it is of. */
  static ShardCut cut(ShardPiece piece, Map<String, ShardCut> cuts) {
    return cuts.getOrDefault(piece.parameter(), ShardCut.NONE);
  }
}
