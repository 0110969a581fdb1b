package ringattention.attention;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Which rows of a running total have been written. The first contribution to a row overwrites it,
 * so totals need no clearing beforehand.
 */
final class Coverage {
  private final TreeMap<Integer, Integer> written = new TreeMap<>(); // from -> to, disjoint

  /** Rows [from, to). */
  record Span(int from, int to) {}

  /**
   * Counts rows [from, to) as written.
   *
   * @return true if none of them was before, false if all were
   * @throws IllegalStateException if some were and some were not
   */
  boolean markWritten(int from, int to) {
    List<Span> gaps = gaps(from, to);
    int missing = gaps.stream().mapToInt(gap -> gap.to() - gap.from()).sum();
    if (missing != 0 && missing != to - from) {
      throw new IllegalStateException(
          "rows " + from + " to " + to + " are partly written: " + written);
    }
    if (missing > 0) {
      written.put(from, to);
    }
    return missing > 0;
  }

  /** What of rows [from, to) has not been written. */
  List<Span> gaps(int from, int to) {
    List<Span> gaps = new ArrayList<>();
    Integer before = written.floorKey(from);
    int next = before == null ? from : Math.max(from, written.get(before));
    for (var entry : written.subMap(from, false, Math.max(from, to), false).entrySet()) {
      if (entry.getKey() > next) {
        gaps.add(new Span(next, entry.getKey()));
      }
      next = entry.getValue();
    }
    if (next < to) {
      gaps.add(new Span(next, to));
    }
    return gaps;
  }
}
