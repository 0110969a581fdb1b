package ringattention.data;

import java.util.Arrays;
import java.util.Optional;
import ringattention.data.fasta.MarkovModel;
import ringattention.input.Configuration;
import ringattention.metrics.TextUnit;

/**
 * A corpus once, in its own order, cut as training cuts it. Every token is a label once, but for
 * the first of the stream, or of each document, and those that are not to be learned. What the last
 * sequence has too few of is padding.
 */
final class HeldOutCorpus implements HeldOutSamples {
  private final Configuration given; // of the run
  private final SampleShape shape;
  private final TokenStream stream;
  private final Optional<DocumentPieces> pieces; // empty: one stream of all documents
  private final int length;
  private final int firstPosition;
  private final DocumentStarts starts; // of documents in the row of them, padding included
  private final int[] padded; // lengths of documents in that row
  private final Optional<int[]> tokenBytes;

  private HeldOutCorpus(
      Configuration given,
      Configuration configuration,
      SampleShape shape,
      TokenStream stream,
      Optional<DocumentPieces> pieces) {
    this.given = given;
    this.shape = shape;
    this.stream = stream;
    this.pieces = pieces;
    this.length = shape.sequence();
    this.firstPosition = configuration.get(DataConfig.SECTION).firstPosition();
    this.padded = pieces.map(DocumentPieces::padded).orElse(new int[0]);
    this.starts = new DocumentStarts(padded);
    this.tokenBytes = TokenBytes.of(configuration);
  }

  /**
   * Reads, and tokenizes, what section {@code [validation]} keeps out of training; the corpus of
   * section {@code [data]} if it keeps out nothing.
   *
   * @throws ringattention.input.InputException if anything of these sections is wrong
   */
  static HeldOutCorpus of(Configuration given, SampleShape shape, HostTokens host) {
    Configuration configuration = given.get(ValidationConfig.SECTION).inPlaceOfData(given);
    return Corpus.open(
        configuration,
        shape,
        new Split(configuration, shape.seed(), true),
        host,
        stream -> ofStream(given, configuration, shape, stream),
        (documents, padding) ->
            new HeldOutCorpus(
                given,
                configuration,
                shape,
                documents,
                Optional.of(
                    new DocumentPieces(
                        documents,
                        padding,
                        PackedSamples.multiple(configuration, shape.sequence()),
                        configuration.get(DataConfig.SECTION).firstPosition()))));
  }

  private static HeldOutCorpus ofStream(
      Configuration given, Configuration configuration, SampleShape shape, TokenStream stream) {
    if (stream.tokens() < 2) {
      throw configuration.source().error("data.path", "has no token to predict");
    }
    return new HeldOutCorpus(given, configuration, shape, stream, Optional.empty());
  }

  @Override
  public long sequences() {
    long row = pieces.isPresent() ? starts.end() : stream.tokens() - 1;
    return (row + length - 1) / length;
  }

  /** Returns the labels of the whole corpus; reads it unless every token is one. */
  @Override
  public long labels() {
    if (stream.allPredicted()) {
      return stream.tokens() - (pieces.isPresent() ? stream.documents() : 1);
    }
    int[] lengths =
        pieces.isPresent() ? ((TokenDocuments) stream).lengths() : new int[0]; // else one
    long labels = 0;
    long start = 0;
    for (int i = 0; i < Math.max(1, lengths.length); i++) {
      long end = lengths.length == 0 ? stream.tokens() : start + lengths[i];
      for (long at = start + 1; at < end; at += TokenDocuments.PIECE) {
        int[] entries = stream.entries(at, (int) Math.min(TokenDocuments.PIECE, end - at));
        labels += Arrays.stream(entries).filter(entry -> entry >= 0).count();
      }
      start = end;
    }
    return labels;
  }

  @Override
  public Sample sample(long index) {
    Sample sample = new Sample(new int[length], new int[length], new int[length], new int[length]);
    long first = Math.multiplyExact(index, (long) length);
    int documents = pieces.isPresent() ? packed(first, sample) : streamed(first, sample);
    return new Sample(
        sample.tokens(),
        sample.labels(),
        sample.positions(),
        Arrays.copyOf(sample.documents(), documents));
  }

  private int streamed(long first, Sample to) {
    int count = (int) Math.max(0, Math.min(length + 1L, stream.tokens() - first));
    int[] entries = count == 0 ? new int[0] : stream.entries(first, count);
    for (int i = 0; i < length; i++) {
      to.tokens()[i] = i < count ? TokenStream.token(entries[i]) : 0; // behind all that counts
      to.labels()[i] = i + 1 < count ? TokenStream.label(entries[i + 1]) : Sample.NO_LABEL;
      to.positions()[i] = firstPosition + i;
    }
    return 1;
  }

  private int packed(long first, Sample to) {
    int documents = 0;
    int at = 0;
    int document = starts.place(first);
    int within = document < padded.length ? (int) (first - starts.start(document)) : 0;
    for (; at < length && document < padded.length; document++) {
      int count = Math.min(length - at, padded[document] - within);
      pieces.orElseThrow().put(document, within, count, to, at);
      to.documents()[documents++] = at;
      at += count;
      within = 0;
    }
    if (at < length) {
      pieces.orElseThrow().pad(length - at, to, at);
      to.documents()[documents++] = at;
    }
    return documents;
  }

  @Override
  public Optional<int[]> tokenBytes() {
    return tokenBytes;
  }

  @Override
  public TextUnit textUnit() {
    return stream instanceof GenomeParts ? TextUnit.BASE : TextUnit.BYTE;
  }

  @Override
  public Optional<MarkovModel> baseline(int most) {
    return GenomeBaseline.of(
        given, shape, stream, most == 0 ? stream.tokens() : (long) most * length + 1);
  }

  @Override
  public String text() {
    return stream.text();
  }

  @Override
  public long tokens() {
    return stream.tokens();
  }

  @Override
  public long documents() {
    return stream.documents();
  }

  @Override
  public String digest() {
    return stream.digest();
  }

  @Override
  public CorpusCounts counts() {
    return stream.counts();
  }

  @Override
  public void close() {
    stream.close();
  }
}
