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
  private final TokenDocuments corpus;
  private final int length;
  private final long seed;
  private final DocumentPieces pieces;
  private final int[] padded; // their lengths in a sequence, [documents]
  private final long epochTokens;
  private EpochOrder order;
  private EpochOrder other; // the last sequence of an epoch reads two

  /**
   * @param padding the token that documents are padded with
   * @throws InputException if the corpus has fewer tokens than a sequence, or a sequence is no
   *     whole number of the pieces that documents are padded to
   */
  PackedSamples(
      Configuration configuration, SampleShape shape, TokenDocuments corpus, int padding) {
    this.corpus = corpus;
    this.length = shape.sequence();
    this.seed = shape.seed();
    int multiple = multiple(configuration, length);
    this.pieces =
        new DocumentPieces(
            corpus, padding, multiple, configuration.get(DataConfig.SECTION).firstPosition());
    this.padded = pieces.padded();
    this.epochTokens = Arrays.stream(padded).asLongStream().sum();
    if (epochTokens < length) {
      throw configuration
          .source()
          .error(
              "data.path",
              "has "
                  + epochTokens
                  + " tokens in "
                  + padded.length
                  + " documents, must have at least train.sequence ("
                  + length
                  + ")");
    }
    this.order = new EpochOrder(seed, 0, padded);
    this.other = order;
  }

  /**
   * Returns what lengths of documents are multiples of.
   *
   * @throws InputException if it does not divide a sequence
   */
  static int multiple(Configuration configuration, int length) {
    int multiple = configuration.get(DataConfig.SECTION).documentMultiple();
    if (length % multiple != 0) {
      throw configuration
          .source()
          .error("data.documentMultiple", "must divide train.sequence (" + length + ")");
    }
    return multiple;
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
      pieces.put(document, within, count, sample, at);
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

  private EpochOrder order(long epoch) {
    if (order.epoch() != epoch) {
      EpochOrder before = other;
      other = order;
      order = before.epoch() == epoch ? before : null; // not three at a time: orders are large
      if (order == null) {
        before = null;
        order = new EpochOrder(seed, epoch, padded);
      }
    }
    return order;
  }

  @Override
  public String text() {
    return corpus.text();
  }

  @Override
  public long tokens() {
    return corpus.tokens();
  }

  @Override
  public long epochTokens() {
    return epochTokens;
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
  public CorpusCounts counts() {
    return corpus.counts();
  }

  @Override
  public void close() {
    corpus.close();
  }
}
