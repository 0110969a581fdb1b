package ringattention.attention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import ringattention.shard.BlockPair;

/**
 * Which blocks of a forward are merged with what. The first block to see a query leaves its output
 * where the result belongs; the last one leaves the merged result there; what is merged in between
 * is a running total of a wider type. So a query seen by two blocks takes one pass over memory, and
 * one seen by a single block takes none.
 */
final class MergePlan {
  private final int[] bounds; // ascending; ranges [bounds[i], bounds[i + 1])
  private final int[] due; // blocks that will see a range
  private final int[] seen; // blocks that have

  /**
   * A range of queries that a block is merged into.
   *
   * @param second whether one block has seen it so far, whose output is the total
   * @param last whether no block will see it after this one
   */
  record Part(int from, int to, boolean second, boolean last) {}

  /**
   * @param pairs all block pairs of a forward
   */
  MergePlan(List<BlockPair> pairs) {
    TreeSet<Integer> ends = new TreeSet<>();
    pairs.forEach(pair -> ends.addAll(List.of(pair.queryFrom(), pair.queryTo())));
    this.bounds = ends.stream().mapToInt(Integer::intValue).toArray();
    this.due = new int[bounds.length];
    this.seen = new int[bounds.length];
    pairs.forEach(pair -> ranges(pair).forEach(range -> due[range]++));
  }

  private List<Integer> ranges(BlockPair pair) {
    List<Integer> ranges = new ArrayList<>();
    int from = Arrays.binarySearch(bounds, pair.queryFrom());
    for (int i = from; bounds[i] < pair.queryTo(); i++) {
      ranges.add(i);
    }
    return ranges;
  }

  /**
   * The next block to be computed.
   *
   * @return what it is merged into; nothing if it is the first to see its queries
   * @throws IllegalStateException if it is the first for some of its queries and not for others
   */
  List<Part> next(BlockPair pair) {
    List<Part> parts = new ArrayList<>();
    List<Integer> ranges = ranges(pair);
    for (int range : ranges) {
      if (seen[range]++ > 0) {
        add(
            parts,
            new Part(
                bounds[range], bounds[range + 1], seen[range] == 2, seen[range] == due[range]));
      }
    }
    int merged = parts.stream().mapToInt(part -> part.to() - part.from()).sum();
    if (merged != 0 && merged != pair.queries()) {
      throw new IllegalStateException(pair + " is the first to see some of its queries only");
    }
    return parts;
  }

  /** Neighbours that are merged alike are one part. */
  private static void add(List<Part> parts, Part part) {
    Part before = parts.isEmpty() ? null : parts.get(parts.size() - 1);
    if (before != null && before.second() == part.second() && before.last() == part.last()) {
      parts.set(parts.size() - 1, new Part(before.from(), part.to(), part.second(), part.last()));
    } else {
      parts.add(part);
    }
  }
}
