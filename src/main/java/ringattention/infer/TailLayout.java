package ringattention.infer;

/**
 * Where the tokens lie that a sequence appends to its prefix: blocks of 64 dealt to the ranks in
 * turn, so that the ranks' caches grow alike.
 *
 * @param ranks of the ring
 */
record TailLayout(int ranks) {
  static final int BLOCK = 64;

  /** Returns the rank that keeps a token, counted from 0 behind the prefix. */
  int owner(int token) {
    return token / BLOCK % ranks;
  }

  /** Returns a token's place among those of its rank. */
  int place(int token) {
    return token / BLOCK / ranks * BLOCK + token % BLOCK;
  }

  /** Returns how many of the first so many tokens a rank holds. */
  int held(int rank, int tokens) {
    int blocks = tokens / BLOCK; // whole ones
    int own = blocks / ranks + (rank < blocks % ranks ? 1 : 0);
    return own * BLOCK + (blocks % ranks == rank ? tokens % BLOCK : 0);
  }

  /** Returns the slots that every rank sets aside for so many tokens: those of the first rank. */
  int slots(int tokens) {
    return held(0, tokens);
  }
}
