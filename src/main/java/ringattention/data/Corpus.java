package ringattention.data;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import ringattention.input.Configuration;

/** Opens the corpus of section {@code [data]}, or a part of it. */
final class Corpus {
  private Corpus() {}

  /** Returns whether the bytes of files are the tokens of one stream, and nothing is tokenized. */
  static boolean isBytes(DataConfig data, List<Path> files) {
    return data.format() == DataFormat.TEXT
        && data.tokenizer().equals(DataConfig.BYTES)
        && !data.documents()
        && files.stream().noneMatch(CorpusStream::isPacked);
  }

  /** Makes sequences of documents. */
  interface OfDocuments<T> {
    /**
     * @param padding the token that documents are padded with
     */
    T of(TokenDocuments documents, int padding);
  }

  /** Returns what is learned of one corpus, see {@link Samples#of}. */
  static Samples samples(Configuration configuration, SampleShape shape, HostTokens host) {
    return open(
        configuration,
        shape,
        new Split(configuration, shape.seed(), false),
        host,
        stream -> new StreamSamples(configuration, shape, stream),
        (documents, padding) -> new PackedSamples(configuration, shape, documents, padding));
  }

  /**
   * Reads, and tokenizes, the corpus; without a tokenizer every file is a document.
   *
   * @param host where other processes have tokenized it, or find what this one makes
   * @param ofStream makes sequences of one stream of all documents
   * @throws ringattention.input.InputException if anything of section {@code [data]} is wrong, or
   *     the tokenizer has more tokens than the model
   */
  static <T> T open(
      Configuration configuration,
      SampleShape shape,
      Split split,
      HostTokens host,
      Function<TokenStream, T> ofStream,
      OfDocuments<T> ofDocuments) {
    DataConfig data = configuration.get(DataConfig.SECTION);
    List<Path> files = new CorpusFiles(configuration).all();
    try (Tokenizer tokenizer = Tokenizer.of(configuration, shape.vocabulary())) {
      if (isBytes(data, files)) {
        List<Path> own =
            split.divides()
                ? Arrays.stream(split.of(files.size())).mapToObj(files::get).toList()
                : files;
        return ofStream.apply(new TextCorpus(configuration, own));
      }
      TokenStream whole = stream(configuration, files, shape.vocabulary(), tokenizer, host);
      if (whole instanceof ReadyTokens all) {
        return ofStream.apply(split.divides() ? all.only(split.of((int) all.documents())) : all);
      }
      TokenDocuments documents = (TokenDocuments) whole;
      try {
        TokenDocuments tokens = part(configuration, split, documents);
        if (!tokens.hasLabel()) {
          throw configuration.source().error("data.path", "has no token to learn");
        }
        return data.documents()
            ? ofDocuments.of(tokens, data.ids().endToken().orElse(tokenizer.end()))
            : ofStream.apply(tokens);
      } catch (RuntimeException e) {
        whole.close();
        throw e;
      }
    }
  }

  /** Returns the documents of one part, or of all, each as often as it is read in an epoch. */
  static TokenDocuments part(Configuration configuration, Split split, TokenDocuments documents) {
    if (configuration.get(DataConfig.SECTION).format() == DataFormat.FASTA) {
      return GenomeParts.of(documents, configuration, split);
    }
    return split.divides()
        ? new SelectedDocuments(documents, split.of(documents.lengths().length))
        : documents;
  }

  /**
   * Returns the tokens of files, which are {@link TokenDocuments} but where files hold tokens and
   * nothing says of which documents.
   *
   * @param vocabulary tokens of the model
   */
  static TokenStream stream(
      Configuration configuration,
      List<Path> files,
      int vocabulary,
      Tokenizer tokenizer,
      HostTokens host) {
    return configuration.get(DataConfig.SECTION).format().holdsTokens()
        ? ReadyCorpus.open(configuration, files, vocabulary, host)
        : new TokenizedCorpus(configuration, tokenizer).open(files, host);
  }
}
