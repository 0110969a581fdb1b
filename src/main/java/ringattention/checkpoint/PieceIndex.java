package ringattention.checkpoint;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import ringattention.parallel.State;

/**
 * Finds the piece that holds an element.
 *
 * @param <W> where pieces are
 */
final class PieceIndex<W> {
  /** A piece and where it is. */
  record Entry<W>(ShardPiece piece, W where) {}

  private record Key(State state, String parameter) {}

  private final Map<Key, NavigableMap<Long, Entry<W>>> pieces = new HashMap<>(); // by first element

  void add(ShardPiece piece, W where) {
    pieces
        .computeIfAbsent(new Key(piece.state(), piece.parameter()), key -> new TreeMap<>())
        .put(piece.index(), new Entry<>(piece, where));
  }

  Optional<Entry<W>> find(State state, String parameter, long element) {
    return Optional.ofNullable(pieces.get(new Key(state, parameter)))
        .map(ofParameter -> ofParameter.floorEntry(element))
        .map(Map.Entry::getValue)
        .filter(entry -> element < entry.piece().index() + entry.piece().elements());
  }
}
