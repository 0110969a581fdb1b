package ringattention.infer;

/**
 * What one sequence has appended, behind a prefix or behind nothing, and where this rank keeps its
 * part of it.
 */
final class CachedTail {
  private final int most;
  private final TailLayout layout;
  private final int rank;
  private final SlotRanges ranges;
  private final int from; // its first slot
  private int appended;

  /**
   * @param most tokens that are appended
   * @throws IllegalStateException if the cache has no room
   */
  CachedTail(int most, TailLayout layout, int rank, SlotRanges ranges) {
    this.most = most;
    this.layout = layout;
    this.rank = rank;
    this.ranges = ranges;
    this.from = ranges.require(layout.slots(most));
  }

  /** Returns how many tokens are appended. */
  int tokens() {
    return appended;
  }

  /** Adds a row for the next token, which sees all that is appended, itself included. */
  void row(StepRows rows, int token, int position) {
    append(rows, token, position);
    see(rows, 0);
  }

  /**
   * Adds a row like {@link #row} where what was appended before {@code earlier} tokens is said to
   * be seen elsewhere.
   */
  void rowBehind(int earlier, StepRows rows, int token, int position) {
    append(rows, token, position);
    see(rows, layout.held(rank, earlier));
  }

  /** Lets rows [first, end) see all that is appended now. */
  void see(StepRows rows, int first, int end) {
    rows.see(first, end, from, from + layout.held(rank, appended));
  }

  private void append(StepRows rows, int token, int position) {
    if (appended == most) {
      throw new IllegalStateException("a sequence has room for " + most + " tokens of its own");
    }
    if (layout.owner(appended) == rank) {
      rows.add(token, position, from + layout.place(appended));
    } else {
      rows.add(token, position);
    }
    appended++;
  }

  /** Lets the last row see what this rank holds from a slot of its own on. */
  private void see(StepRows rows, int first) {
    int row = rows.used() - 1;
    rows.see(row, row + 1, from + first, from + layout.held(rank, appended));
  }

  /** Forgets what was appended behind so many tokens. */
  void cut(int kept) {
    appended = kept;
  }

  void close() {
    ranges.free(from, layout.slots(most));
  }
}
