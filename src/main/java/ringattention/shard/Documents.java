package ringattention.shard;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The documents that a sequence was packed from: ranges of it, one behind the other. Attention does
 * not cross from one to another, and each has positions of its own.
 *
 * @param starts the first position of every document, ascending, beginning with 0
 */
public record Documents(List<Integer> starts) {
  /** The whole sequence is one document. */
  public static final Documents ONE = new Documents(List.of(0));

  public Documents {
    starts = List.copyOf(starts);
    if (starts.isEmpty() || starts.get(0) != 0) {
      throw new IllegalArgumentException("documents begin with position 0, not " + starts);
    }
    for (int i = 1; i < starts.size(); i++) {
      if (starts.get(i) <= starts.get(i - 1)) {
        throw new IllegalArgumentException(
            "document " + i + " at position " + starts.get(i) + ": must ascend");
      }
    }
  }

  /** Returns documents that begin at these positions. */
  public static Documents startingAt(int... starts) {
    return new Documents(IntStream.of(starts).boxed().toList());
  }

  /** How many there are. */
  public int count() {
    return starts.size();
  }

  /** The first position of the document that a position belongs to. */
  public int first(int position) {
    return starts.get(of(position));
  }

  /**
   * The position behind the document that a position belongs to.
   *
   * @param length of the sequence
   */
  public int end(int position, int length) {
    int next = of(position) + 1;
    return next == starts.size() ? length : Math.min(length, starts.get(next));
  }

  private int of(int position) {
    int found = Collections.binarySearch(starts, position);
    return found >= 0 ? found : -found - 2;
  }

  /** Positions of the sequence as positions within their documents. */
  public int[] restarted(int... positions) {
    return IntStream.of(positions).map(position -> position - first(position)).toArray();
  }

  /**
   * How long each document is.
   *
   * @param length of the sequence, beyond the last start
   */
  public List<Integer> lengths(int length) {
    List<Integer> lengths = new ArrayList<>();
    for (int start : starts) {
      lengths.add(end(start, length) - start);
    }
    return lengths;
  }

  /**
   * The sum of the squared lengths: what attention's work grows with.
   *
   * @param length of the sequence, beyond the last start
   */
  public double squares(int length) {
    return lengths(length).stream().mapToDouble(size -> (double) size * size).sum();
  }
}
