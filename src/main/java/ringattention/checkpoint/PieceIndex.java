package ringattention.checkpoint;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import ringattention.device.DType;
import ringattention.parallel.State;

/**
 * Finds the piece that holds an element.
 *
 * @param <W> where pieces are
 */
final class PieceIndex<W> {
  /** A piece, which elements of the parameter its part has, and where it is. */
  record Entry<W>(ShardPiece piece, ShardCut cut, W where) {
    /** Where an element of the parameter lies, in bytes from the start of the data. */
    long offsetOf(long element, DType type) {
      return piece.offsetOf(cut.held(element).orElseThrow(), type);
    }

    /** Returns how many elements of the parameter, from this one on, follow in the piece. */
    long following(long element) {
      long rest = piece.index() + piece.elements() - cut.held(element).orElseThrow();
      return Math.min(rest, cut.following(element));
    }
  }

  private record Key(State state, String parameter) {}

  /** By parts of the parameter, and first element in that. */
  private final Map<Key, Map<ShardCut, NavigableMap<Long, Entry<W>>>> pieces = new HashMap<>();

  /** Adds a piece of a whole parameter. */
  void add(ShardPiece piece, W where) {
    add(piece, ShardCut.NONE, where);
  }

  /** Adds a piece of a part of a parameter. */
  void add(ShardPiece piece, ShardCut cut, W where) {
    pieces
        .computeIfAbsent(new Key(piece.state(), piece.parameter()), key -> new HashMap<>())
        .computeIfAbsent(cut, key -> new TreeMap<>())
        .put(piece.index(), new Entry<>(piece, cut, where));
  }

  Optional<Entry<W>> find(State state, String parameter, long element) {
    var parts = pieces.getOrDefault(new Key(state, parameter), Map.of());
    for (var part : parts.entrySet()) {
      OptionalLong held = part.getKey().held(element);
      if (held.isPresent()) {
        var entry = part.getValue().floorEntry(held.getAsLong());
        if (entry != null
            && held.getAsLong() < entry.getKey() + entry.getValue().piece().elements()) {
          return Optional.of(entry.getValue());
        }
      }
    }
    return Optional.empty();
  }
}
