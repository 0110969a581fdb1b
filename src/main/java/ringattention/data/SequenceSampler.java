package ringattention.data;

import ringattention.config.Configuration;
import ringattention.config.InputException;
import ringattention.config.Seed;

/**
 * Which tokens each sequence of a training run takes: a run of tokens at a random place of the
 * corpus. The place is a function of the seed, the sequence's index and the size of the corpus
 * alone, so it is the same for any number of ranks, and a run that is resumed only needs to know
 * the step.
 */
public final class SequenceSampler {
  private final TextCorpus corpus;
  private final int length;
  private final Seed seed;

  /**
   * @throws InputException if the corpus has fewer tokens than a sequence and its last label
   */
  public SequenceSampler(Configuration configuration, TextCorpus corpus) {
    this.corpus = corpus;
    this.length = configuration.train().sequence();
    this.seed = Seed.of(configuration.train().seed(), "sequences");
    if (corpus.bytes() <= length) {
      throw configuration
          .source()
          .error(
              "data.path",
              "has "
                  + corpus.bytes()
                  + " tokens, must have more than train.sequence ("
                  + length
                  + ")");
    }
  }

  /**
   * The tokens of a sequence and one more: inputs are the first {@code train.sequence}, labels the
   * last.
   *
   * @param sequenceIndex counts sequences over all ranks and steps: {@code step * batch + i}
   * @return train.sequence + 1 tokens
   */
  public int[] tokens(long sequenceIndex) {
    return ByteTokenizer.encode(corpus.read(start(sequenceIndex), length + 1));
  }

  private long start(long sequenceIndex) {
    long places = corpus.bytes() - length;
    return Long.remainderUnsigned(seed.bits(sequenceIndex), places);
  }
}
