package ringattention.infer;

/** A prefix and where this rank keeps its part. */
final class CachedPrefix implements Engine.Prefix {
  private final PrefixLayout layout;
  private final int rank;
  private final SlotRanges ranges;
  private final int from; // its first slot
  private int appended; // behind the chunks
  private float[] logits; // behind its last token

  /**
   * @throws IllegalStateException if the cache has no room
   */
  CachedPrefix(PrefixLayout layout, int rank, SlotRanges ranges) {
    this.layout = layout;
    this.rank = rank;
    this.ranges = ranges;
    this.from = ranges.require(layout.slots());
  }

  PrefixLayout layout() {
    return layout;
  }

  int from() {
    return from;
  }

  /** Adds rows for the next tokens behind the chunks, each of which sees those before it. */
  void rows(StepRows rows, int... tokens) {
    int chunks = from + layout.heldOfChunks(rank);
    rows.see(0, tokens.length, from, chunks);
    for (int token : tokens) {
      int position = layout.inChunks() + appended;
      if (layout.owner(appended) == rank) {
        rows.add(token, position, chunks + layout.heldOfAppended(rank, appended));
      } else {
        rows.add(token, position);
      }
      appended++;
      int row = rows.used() - 1;
      rows.see(row, row + 1, chunks, chunks + layout.heldOfAppended(rank, appended));
    }
  }

  /** Takes all its tokens for computed. */
  void fill() {
    appended = layout.tokens() - layout.inChunks();
  }

  /** Lets rows see all of it. */
  void see(StepRows rows, int first, int end) {
    int held = layout.heldOfChunks(rank) + layout.heldOfAppended(rank, appended);
    rows.see(first, end, from, from + held);
  }

  void logits(float... behindLast) {
    logits = behindLast;
  }

  @Override
  public int tokens() {
    return layout.tokens();
  }

  @Override
  public float[] logits() {
    return logits.clone();
  }

  @Override
  public void close() {
    ranges.free(from, layout.slots());
  }
}
