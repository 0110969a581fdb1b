package ringattention.data;

import ringattention.config.InputException;
import ringattention.config.Seed;

/** Cuts sequences out of a corpus at random places. */
public final class SequenceSampler {
  /** Tokens are bytes. */
  public static final int VOCABULARY = 256;

  private final TextCorpus corpus;
  private final int length;
  private final Seed places;

  /**
   * @param length of a sequence; each is cut with one token more, the last label
   * @throws InputException if the corpus is too short for one sequence
   */
  public SequenceSampler(TextCorpus corpus, int length, long seed) {
    if (corpus.size() <= length) {
      throw new InputException(
          "data.path: holds "
              + corpus.size()
              + " tokens, train.sequence = "
              + length
              + " needs at least "
              + (length + 1L));
    }
    this.corpus = corpus;
    this.length = length;
    this.places = Seed.of(seed, "sequences");
  }

  /**
   * The sequence with this index, counted over the whole run and all ranks.
   *
   * @return [length + 1] tokens
   */
  public int[] tokens(long index) {
    long starts = corpus.size() - (long) length;
    int start = (int) Long.remainderUnsigned(places.bits(index), starts);
    int[] tokens = new int[length + 1];
    for (int i = 0; i <= length; i++) {
      tokens[i] = corpus.token(start + i);
    }
    return tokens;
  }
}
