package ringattention.infer;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Hands out ranges of the cache's slots, the same on every rank: the first that is long enough. */
final class SlotRanges {
  private final int slots;
  private final TreeMap<Integer, Integer> taken = new TreeMap<>(); // from -> to, disjoint

  SlotRanges(int slots) {
    this.slots = slots;
  }

  /** Returns a copy, to try things out. */
  SlotRanges copy() {
    SlotRanges copy = new SlotRanges(slots);
    copy.taken.putAll(taken);
    return copy;
  }

  /** Takes a range and returns its first slot; empty if there is no room for it. */
  OptionalInt take(int length) {
    int from = 0;
    for (Map.Entry<Integer, Integer> range : taken.entrySet()) {
      if (range.getKey() - from >= length) {
        break;
      }
      from = range.getValue();
    }
    if (length > slots - from) {
      return OptionalInt.empty();
    }
    if (length > 0) {
      taken.put(from, from + length);
    }
    return OptionalInt.of(from);
  }

  /**
   * Takes a range and returns its first slot.
   *
   * @throws IllegalStateException if there is no room for it
   */
  int require(int length) {
    return take(length).orElseThrow(() -> new IllegalStateException("the cache has no room left"));
  }

  /** Gives a range back. */
  void free(int from, int length) {
    if (length > 0 && !taken.remove(from, from + length)) {
      throw new IllegalStateException(
          "slots " + from + " to " + (from + length) + " are not taken");
    }
  }
}
