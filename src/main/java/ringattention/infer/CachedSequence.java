package ringattention.infer;

/** A sequence behind a prefix, and where this rank keeps its part of the sequence's own tokens. */
final class CachedSequence implements Engine.Sequence {
  private final CachedPrefix prefix;
  private final CachedTail tail;

  /**
   * @param most tokens of its own
   * @throws IllegalStateException if the cache has no room
   */
  CachedSequence(CachedPrefix prefix, int most, TailLayout layout, int rank, SlotRanges ranges) {
    this.prefix = prefix;
    this.tail = new CachedTail(most, layout, rank, ranges);
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
    tail.row(rows, token, tokens());
  }

  /** Forgets what was appended behind so many tokens, the prefix's included. */
  void cut(int length) {
    int kept = length - prefix.tokens();
    if (kept < 0 || kept > tail.tokens()) {
      throw new IllegalArgumentException(
          "a sequence of " + tokens() + " tokens cannot be cut to " + length);
    }
    tail.cut(kept);
  }

  @Override
  public CachedPrefix prefix() {
    return prefix;
  }

  @Override
  public int tokens() {
    return prefix.tokens() + tail.tokens();
  }

  @Override
  public void close() {
    tail.close();
  }
}
