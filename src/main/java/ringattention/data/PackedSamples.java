package ringattention.data;

import java.util.Arrays;
import ringattention.input.Configuration;
import ringattention.input.InputException;

/**
 * Sequences filled with documents, one epoch after the other, each in an order of its own.
 * Sequences are cut out of that endless row without a gap: a document that does not fit goes on in
 * the next sequence, as a document with positions of its own. So the place of any sequence follows
 * from its index.
 */
final class PackedSamples implements Samples {
  private final TokenFile corpus;
  private final int padding;
  private final int length;
  private final int firstPosition;
  private final long seed;
  private final long[] starts; // of the documents in the corpus, [documents]
  private final int[] padded; // their lengths in a sequence, [documents]
  private final long epochTokens;
  private EpochOrder order;
  private EpochOrder other; // the last sequence of an epoch reads two

  /**
   * @param padding the token that documents are padded with
   * @throws InputException if the corpus has fewer tokens than a sequence, or a sequence is no
   *     whole number of the pieces that documents are padded to
   */
  PackedSamples(Configuration configuration, SampleShape shape, TokenFile corpus, int padding) {
    this.corpus = corpus;
    this.padding = padding;
    this.length = shape.sequence();
    this.firstPosition = configuration.get(DataConfig.SECTION).firstPosition();
    this.seed = shape.seed();
    int multiple = configuration.get(DataConfig.SECTION).documentMultiple();
    if (length % multiple != 0) {
      throw configuration
          .source()
          .error("data.documentMultiple", "must divide train.sequence (" + length + ")");
    }
    int[] lengths = corpus.lengths();
    this.starts = new long[lengths.length];
    for (int i = 1; i < lengths.length; i++) {
      starts[i] = starts[i - 1] + lengths[i - 1];
    }
    this.padded =
        Arrays.stream(lengths)
            .map(tokens -> Math.multiplyExact((tokens - 1) / multiple + 1, multiple))
            .toArray();
    this.epochTokens = Arrays.stream(padded).asLongStream().sum();
    if (epochTokens < length) {
      throw configuration
          .source()
          .error(
              "data.path",
              "has "
                  + epochTokens
                  + " tokens in "
                  + lengths.length
                  + " documents, must have at least train.sequence ("
                  + length
                  + ")");
    }
    this.order = new EpochOrder(seed, 0, padded);
    this.other = order;
  }

  @Override
  public Sample sample(long index) {
    long first = Math.multiplyExact(index, (long) length);
    EpochOrder epoch = order(first / epochTokens);
    int place = epoch.place(first % epochTokens);
    int within = (int) (first % epochTokens - epoch.start(place));
    Sample sample = new Sample(new int[length], new int[length], new int[length], new int[length]);
    int documents = 0;
    for (int at = 0; at < length; ) {
      int document = epoch.document(place);
      int count = Math.min(length - at, padded[document] - within);
      piece(document, within, count, sample, at);
      sample.documents()[documents++] = at;
      at += count;
      within = 0;
      if (++place == epoch.size()) {
        epoch = order(epoch.epoch() + 1);
        place = 0;
      }
    }
    return new Sample(
        sample.tokens(),
        sample.labels(),
        sample.positions(),
        Arrays.copyOf(sample.documents(), documents));
  }

  /** Tokens [from, from + count) of a document, to the place {@code at} of a sample. */
  private void piece(int document, int from, int count, Sample to, int at) {
    int left = Math.max(0, corpus.lengths()[document] - from); // without padding
    int tokens = Math.min(count, left);
    // one more than the piece has, if the document has it: the label of the last
    int[] entries =
        tokens == 0
            ? new int[0]
            : corpus.entries(starts[document] + from, Math.min(left, tokens + 1));
    for (int i = 0; i < count; i++) {
      to.tokens()[at + i] = i < tokens ? TokenStream.token(entries[i]) : padding;
      to.labels()[at + i] =
          i + 1 < entries.length ? TokenStream.label(entries[i + 1]) : Sample.NO_LABEL;
      to.positions()[at + i] = firstPosition + i;
    }
  }

  private EpochOrder order(long epoch) {
    if (order.epoch() != epoch) {
      EpochOrder made = other.epoch() == epoch ? other : new EpochOrder(seed, epoch, padded);
      other = order;
      order = made;
    }
    return order;
  }

  @Override
  public long tokens() {
    return corpus.tokens();
  }

  @Override
  public long documents() {
    return corpus.documents();
  }

  @Override
  public String digest() {
    return corpus.digest();
  }

  @Override
  public void close() {
    corpus.close();
  }
}
