package ringattention.data;

/**
 * Which of several sources every sequence comes from: a function of its index and of the weights
 * alone. Sequence j of a source is due at time (j + 1/2) / weight. All are taken in the order of
 * these times; what is due at the same time, in the order of the sources. A source that has a limit
 * gives no more behind it, and the others keep their proportions.
 *
 * <p>Without limits, of the first n sequences a source of share w has taken n w, to within 1/2 + w
 * |S - 2| / 2 of a sequence, where S is the number of sources: 1/2 of two. For at any time each has
 * taken what is due to within 1/2, and the times differ from n by the sum of these.
 */
final class SourceOrder {
  /** Where a sequence comes from: number {@code index} of a source. */
  record Place(int source, long index) {}

  /** Indices beyond have times that a double cannot tell apart. */
  private static final long LARGEST = 1L << 50;

  private final double[] weights;
  private final long[] limits;

  /**
   * @param weights of the sources, each above 0, in any unit
   * @param limits sequences that each has; {@link Long#MAX_VALUE}: no limit
   */
  SourceOrder(double[] weights, long[] limits) {
    this.weights = weights.clone();
    this.limits = limits.clone();
  }

  /** Returns how many sequences there are; {@link Long#MAX_VALUE}: no limit. */
  long sequences() {
    long all = 0;
    for (long limit : limits) {
      all = limit > Long.MAX_VALUE - all ? Long.MAX_VALUE : all + limit;
    }
    return all;
  }

  /**
   * Returns where a sequence comes from.
   *
   * @throws IndexOutOfBoundsException if there is no such sequence
   */
  Place place(long index) {
    if (index < 0 || index > LARGEST || index >= sequences()) {
      throw new IndexOutOfBoundsException("no sequence " + index);
    }
    for (int source = 0; source < weights.length; source++) {
      long low = 0; // the last of the source that has at most index sequences before it
      long high = Math.min(limits[source] - 1, index);
      while (low < high) {
        long middle = (low + high + 1) >>> 1;
        if (before(source, middle, index) <= index) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      if (before(source, low, index) == index) {
        return new Place(source, low);
      }
    }
    throw new IllegalStateException("the order of sources has no sequence " + index);
  }

  /** Returns how many of the first sequences come from a source. */
  long taken(int source, long sequences) {
    if (sequences >= sequences()) {
      return limits[source];
    }
    Place next = place(sequences);
    return before(source, next, sequences);
  }

  /** Returns the index of a source's sequence among all, or any number above the largest. */
  private long before(int source, long sequence, long largest) {
    Place place = new Place(source, sequence);
    long all = 0;
    for (int other = 0; other < weights.length && all <= largest; other++) {
      all += other == source ? sequence : before(other, place, largest);
    }
    return all;
  }

  /** Returns how many sequences of a source come before a place: at most one above the largest. */
  private long before(int source, Place place, long largest) {
    if (source == place.source()) {
      return place.index();
    }
    double time = time(place.source(), place.index());
    long most = Math.min(limits[source], largest + 1);
    long count = (long) Math.min(most, time * weights[source] + 0.5); // to within rounding
    while (count > 0 && !isBefore(source, count - 1, time, place.source())) {
      count--;
    }
    while (count < most && isBefore(source, count, time, place.source())) {
      count++;
    }
    return count;
  }

  private boolean isBefore(int source, long sequence, double time, int than) {
    double own = time(source, sequence);
    return own < time || own == time && source < than;
  }

  private double time(int source, long sequence) {
    return (sequence + 0.5) / weights[source];
  }
}
