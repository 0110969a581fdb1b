package ringattention.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import ringattention.input.Configuration;

/**
 * What a corpus is to a model: how many tokens it learns, and some documents as it reads them.
 *
 * @param longest tokens of the longest document; of a stream without documents, of what is shown
 * @param learned tokens that are labels: those to be learned that have one before them in their
 *     document, or in the stream of all documents
 * @param longer documents that are longer than a sequence; 0 where the length of one is not known
 * @param size of what a run learns from, of which {@code validation.fraction} is no part; empty
 *     where nothing is known of the run
 * @param samples the first documents
 */
public record CorpusPreview(
    long documents,
    long tokens,
    int longest,
    long learned,
    long longer,
    CorpusCounts counts,
    Optional<SourceShares.Size> size,
    List<Document> samples) {
  private static final int SHOWN =
      1024; // tokens of a stream without documents, or of a record of a genome
  private static final String LEARNED = "[[";
  private static final String END = "]]";

  /**
   * One document.
   *
   * @param text with what is to be learned between double brackets, special tokens spelled
   */
  public record Document(int tokens, int learned, String text) {}

  public CorpusPreview {
    samples = List.copyOf(samples);
  }

  /**
   * Reads, and tokenizes, the corpus of section {@code [data]}.
   *
   * @param count of documents that are shown
   * @param vocabulary tokens of the model
   * @param shape of the run's sequences, if it is known
   * @param progress takes lines that say how far it is, where it takes longer than a moment
   * @throws ringattention.input.InputException if anything of the section is wrong
   */
  public static CorpusPreview of(
      Configuration configuration,
      int count,
      int vocabulary,
      Optional<SampleShape> shape,
      Consumer<String> progress) {
    try (Tokenizer tokenizer = Tokenizer.of(configuration, vocabulary)) {
      List<Path> files = new CorpusFiles(configuration).all();
      HostTokens host = HostTokens.own(progress);
      try (TokenStream corpus = Corpus.stream(configuration, files, vocabulary, tokenizer, host)) {
        return of(configuration, count, shape, files, corpus, tokenizer);
      }
    }
  }

  private static CorpusPreview of(
      Configuration configuration,
      int count,
      Optional<SampleShape> shape,
      List<Path> files,
      TokenStream corpus,
      Tokenizer tokenizer) {
    int limit = shape.map(SampleShape::sequence).orElse(Integer.MAX_VALUE);
    int[] lengths =
        corpus instanceof TokenDocuments documents
            ? documents.lengths()
            : new int[] {(int) Math.min(Math.min(SHOWN, limit), corpus.tokens())};
    boolean genome = configuration.get(DataConfig.SECTION).format() == DataFormat.FASTA;
    List<Document> samples = new ArrayList<>();
    long at = 0;
    for (int i = 0; i < Math.min(count, lengths.length); i++) {
      int[] entries = corpus.entries(at, lengths[i]);
      int shown = genome ? Math.min(SHOWN, entries.length) : entries.length;
      String rest = shown < entries.length ? "..." : "";
      String text = text(Arrays.copyOf(entries, shown), tokenizer) + rest;
      samples.add(new Document(entries.length, learned(entries), text));
      at += entries.length;
    }
    return new CorpusPreview(
        corpus.documents(),
        corpus.tokens(),
        Arrays.stream(lengths).max().orElse(0),
        labels(corpus, configuration.get(DataConfig.SECTION).documents()),
        Arrays.stream(lengths).filter(length -> length > limit).count(),
        corpus.counts(),
        shape.map(of -> size(configuration, of, corpus, files)),
        samples);
  }

  /**
   * Shows the first documents of sequences that are made, not read: what is learned is in the place
   * of the label before it.
   *
   * @param samples at the level that is to be shown
   * @param vocabulary tokens of the model
   * @throws ringattention.input.InputException if the tokenizer has more of them
   */
  public static List<Document> of(
      Configuration configuration, Samples samples, int count, int vocabulary) {
    try (Tokenizer tokenizer = Tokenizer.of(configuration, vocabulary)) {
      List<Document> shown = new ArrayList<>();
      for (long index = 0; shown.size() < count; index++) {
        Sample sample = samples.sample(index);
        int[] starts = sample.documents();
        for (int i = 0; i < starts.length && shown.size() < count; i++) {
          int end = i + 1 < starts.length ? starts[i + 1] : sample.tokens().length;
          int[] entries = Arrays.copyOfRange(sample.tokens(), starts[i], end);
          for (int at = 0; at < entries.length; at++) {
            boolean learned = at > 0 && sample.labels()[starts[i] + at - 1] != Sample.NO_LABEL;
            entries[at] = learned ? entries[at] : ~entries[at];
          }
          if (learned(entries) > 0) { // else it is padding
            shown.add(new Document(entries.length, learned(entries), text(entries, tokenizer)));
          }
        }
      }
      return shown;
    }
  }

  private static SourceShares.Size size(
      Configuration configuration, SampleShape shape, TokenStream corpus, List<Path> files) {
    Split split = new Split(configuration, shape.seed(), false);
    if (corpus instanceof ReadyTokens ready) {
      ReadyTokens taken = split.divides() ? ready.only(split.of((int) ready.documents())) : ready;
      return new SourceShares.Size(taken.documents(), taken.tokens(), taken.tokens());
    }
    int[] lengths = Corpus.part(configuration, split, (TokenDocuments) corpus).lengths();
    long tokens = Arrays.stream(lengths).asLongStream().sum();
    DataConfig data = configuration.get(DataConfig.SECTION);
    if (!data.documents()) {
      // bytes of a stream have a newline between files only
      tokens -= Corpus.isBytes(data, files) ? 1 : 0;
      return new SourceShares.Size(lengths.length, tokens, tokens);
    }
    int multiple = PackedSamples.multiple(configuration, shape.sequence());
    long padded =
        Arrays.stream(lengths).mapToLong(length -> DocumentPieces.padded(length, multiple)).sum();
    return new SourceShares.Size(lengths.length, tokens, padded);
  }

  /** Nothing is read again: what is learned was counted when it was tokenized. */
  private static long labels(TokenStream corpus, boolean documents) {
    CorpusCounts counts = corpus.counts();
    return documents
        ? counts.labels()
        : counts.labels() + counts.firsts() - learned(corpus.entries(0, 1));
  }

  private static int learned(int... entries) {
    return (int) Arrays.stream(entries).filter(entry -> entry >= 0).count();
  }

  private static String text(int[] entries, Tokenizer tokenizer) {
    StringBuilder text = new StringBuilder();
    for (int from = 0; from < entries.length; ) {
      int end = from + 1;
      while (end < entries.length && entries[end] >= 0 == entries[from] >= 0) {
        end++;
      }
      int[] run = Arrays.stream(entries, from, end).map(TokenStream::token).toArray();
      String words = tokenizer.decode(run, false);
      text.append(entries[from] >= 0 ? LEARNED + words + END : words);
      from = end;
    }
    return text.toString();
  }
}
