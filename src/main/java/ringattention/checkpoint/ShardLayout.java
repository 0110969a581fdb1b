package ringattention.checkpoint;

import java.util.ArrayList;
import java.util.List;
import ringattention.device.DType;
import ringattention.parallel.ParameterGroup;
import ringattention.parallel.State;

/**
 * What one rank saves, in the order of its file: weights, then first moments, then second moments.
 *
 * @param type of every element
 * @param bytes of all pieces
 */
record ShardLayout(List<ShardPiece> pieces, DType type, long bytes) {
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
    return new ShardLayout(List.copyOf(pieces), type, offset);
  }
}
