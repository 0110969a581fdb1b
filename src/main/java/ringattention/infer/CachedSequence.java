package ringattention.infer;

/** A sequence behind a prefix, and where this rank keeps its part of the sequence's own tokens. */
final class CachedSequence implements Engine.Sequence {
  private final CachedPrefix prefix;
  private final int most; // tokens of its own
  private final TailLayout layout;
  private final int rank;
  private final SlotRanges ranges;
  private final int from; // its first slot
  private int appended;

  /**
   * @param most tokens of its own
   * @throws IllegalStateException if the cache has no room
   */
  CachedSequence(CachedPrefix prefix, int most, TailLayout layout, int rank, SlotRanges ranges) {
    this.prefix = prefix;
    this.most = most;
    this.layout = layout;
    this.rank = rank;
    this.ranges = ranges;
    this.from = ranges.require(layout.slots(most));
  }

  /** Adds rows for the next tokens, each of which sees the prefix and those before it. */
  void rows(StepRows rows, int... tokens) {
    prefix.see(rows, 0, tokens.length);
    for (int token : tokens) {
      row(rows, token);
    }
  }

  /** Adds a row for the next token; what it sees of the prefix is said elsewhere. */
  void row(StepRows rows, int token) {
    if (appended == most) {
      throw new IllegalStateException("a sequence has room for " + most + " tokens of its own");
    }
    if (layout.owner(appended) == rank) {
      rows.add(token, tokens(), from + layout.place(appended));
    } else {
      rows.add(token, tokens());
    }
    appended++;
    int row = rows.used() - 1;
    rows.see(row, row + 1, from, from + layout.held(rank, appended));
  }

  /** Forgets what was appended behind so many tokens, the prefix's included. */
  void cut(int length) {
    int kept = length - prefix.tokens();
    if (kept < 0 || kept > appended) {
      throw new IllegalArgumentException(
          "a sequence of " + tokens() + " tokens cannot be cut to " + length);
    }
    appended = kept;
  }

  @Override
  public CachedPrefix prefix() {
    return prefix;
  }

  @Override
  public int tokens() {
    return prefix.tokens() + appended;
  }

  @Override
  public void close() {
    ranges.free(from, layout.slots(most));
  }
}
