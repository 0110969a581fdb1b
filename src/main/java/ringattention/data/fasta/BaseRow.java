package ringattention.data.fasta;

/**
 * Bases one after the other in memory, a byte each. Records are kept apart by a place without a
 * base, and so is before the first.
 */
public final class BaseRow {
  static final int NONE = Bases.BASES;
  private static final int NOT_LEARNED = 8;

  private final byte[] places;
  private int size;

  /**
   * @param most places there may be
   */
  public BaseRow(int most) {
    this.places = new byte[most];
  }

  /** Adds a token of {@link Bases}, as long as there is room; returns whether there was. */
  public boolean add(int token, boolean learned) {
    if (size == places.length) {
      return false;
    }
    places[size++] = (byte) (Math.min(token, NONE) | (learned ? 0 : NOT_LEARNED));
    return true;
  }

  /** Ends a record. */
  public void end() {
    add(NONE, false);
  }

  int size() {
    return size;
  }

  /** Returns the base at a position, or {@link #NONE}. */
  int base(int position) {
    return position < 0 ? NONE : places[position] & ~NOT_LEARNED;
  }

  /** Returns whether a position is a base that is to be predicted. */
  boolean isLearned(int position) {
    return places[position] < NONE;
  }
}
