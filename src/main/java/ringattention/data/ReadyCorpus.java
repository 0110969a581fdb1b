package ringattention.data;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * Opens files that hold tokens, which are read where they lie. Before, they are read through once,
 * by one process of a host: for the digest, and so that a token that the model does not have is an
 * error at the start. With {@code data.cache} that is done once for all runs.
 */
final class ReadyCorpus {
  private static final String LAYOUT = "ready 1"; // a new number for another digest
  private static final int DIGITS = 64; // of a digest

  private final DataConfig data;
  private final Source source;
  private final List<Path> files;
  private final int vocabulary;
  private final List<TokenPart> parts = new ArrayList<>();
  private final HostTokens host;

  private ReadyCorpus(
      Configuration configuration, List<Path> files, int vocabulary, HostTokens host) {
    this.data = configuration.get(DataConfig.SECTION);
    this.source = configuration.source();
    this.files = files;
    this.vocabulary = vocabulary;
    this.host = host;
  }

  /**
   * Returns the tokens of files; with their documents, if anything says where those end.
   *
   * @param vocabulary all tokens must be below it
   * @param host knows the digest, or takes it
   * @throws InputException if a file or its index is no good, has a token that the model does not
   *     have, or documents are asked for and not known
   */
  static TokenStream open(
      Configuration configuration, List<Path> files, int vocabulary, HostTokens host) {
    return new ReadyCorpus(configuration, files, vocabulary, host).open();
  }

  /** Returns the files that are read beside one of a corpus, as far as they are there. */
  static List<Path> beside(DataFormat format, Path file) {
    return Stream.of(
            format == DataFormat.MEGATRON ? MegatronFile.index(file) : FlatFile.index(file))
        .filter(index -> format.holdsTokens() && Files.exists(index))
        .toList();
  }

  private TokenStream open() {
    DocumentLengths lengths = new DocumentLengths(source);
    Optional<Path> unknown = read(lengths);
    OptionalInt end = data.ids().endToken();
    if (unknown.isEmpty()) {
      int[] known = lengths.all();
      String digest = digest(() -> scan(OptionalInt.empty()).digest(known).digest());
      return new ReadyDocuments(tokens(digest), known);
    }
    if (end.isPresent()) {
      ReadyScan.Digested[] made = new ReadyScan.Digested[1];
      String digest =
          digest(
              () -> {
                made[0] = scan(end).digest(null);
                return made[0].digest();
              });
      return new ReadyDocuments(
          tokens(digest), made[0] == null ? scan(end).lengths() : made[0].lengths());
    }
    if (data.documents()) {
      throw source.error(
          "data.documents",
          "must be false, or "
              + source.name("data.endToken")
              + " be given: nothing says where documents of "
              + unknown.get()
              + " end");
    }
    return tokens(digest(() -> scan(end).digestOfFiles()));
  }

  /**
   * Finds the tokens of all files, and documents as far as an index has them. An end token is
   * preferred to indices that only some files have.
   *
   * @return the first file without an index
   */
  private Optional<Path> read(DocumentLengths lengths) {
    Optional<Path> unknown = Optional.empty();
    for (Path file : files) {
      if (data.format() == DataFormat.MEGATRON) {
        parts.add(new MegatronFile(file, source).part(lengths));
        continue;
      }
      FlatFile flat = new FlatFile(file, data.ids(), vocabulary, source);
      TokenPart part = flat.part();
      parts.add(part);
      if (flat.hasIndex() && unknown.isEmpty()) {
        flat.documents(part, lengths);
      } else {
        unknown = Optional.of(unknown.orElse(file));
      }
    }
    return unknown;
  }

  private ReadyTokens tokens(String digest) {
    return new ReadyTokens(parts, vocabulary, source, digest);
  }

  private ReadyScan scan(OptionalInt end) {
    long bytes = parts.stream().mapToLong(part -> part.tokens() * part.width().bytes()).sum();
    return new ReadyScan(
        parts,
        vocabulary,
        end,
        source,
        TokenizingProgress.ofTokens(bytes, System::nanoTime, host.progress()));
  }

  /** Makes a digest; may fail for what a file holds. */
  private interface Maker {
    String digest();
  }

  /** Returns the digest that another process, or an earlier run, has made, or makes it. */
  private String digest(Maker maker) {
    if (host.digest().isPresent()) {
      return host.digest().get();
    }
    String digest = data.cache().equals(DataConfig.NO_CACHE) ? maker.digest() : cached(maker);
    host.digest(digest);
    return digest;
  }

  private String cached(Maker maker) {
    try {
      Path file =
          new TokenCache(Path.of(data.cache()))
              .file(fingerprint(), to -> write(maker.digest(), to));
      String digest = Files.readString(file, US_ASCII);
      if (!digest.matches("[0-9a-f]{" + DIGITS + "}")) {
        throw source.error("data.cache", file + " is not whole: delete it");
      }
      return digest;
    } catch (IOException problem) {
      throw source.error(
          "data.cache",
          "a digest cannot be kept in " + data.cache() + ": " + CorpusFiles.reason(problem));
    }
  }

  private static void write(String digest, FileChannel to) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(digest.getBytes(US_ASCII));
    while (bytes.hasRemaining()) {
      to.write(bytes);
    }
    to.force(true);
  }

  /** Returns a name for all that the digest, and that no token is an error, depend on. */
  private String fingerprint() throws IOException {
    List<String> about =
        new ArrayList<>(
            List.of(LAYOUT, data.format().toString(), data.ids().toString(), "" + vocabulary));
    for (TokenPart part : parts) {
      about.add(part.width().toString());
      List<Path> read = new ArrayList<>(List.of(part.file()));
      read.addAll(beside(data.format(), part.file()));
      for (Path file : read) {
        about.add(file.toAbsolutePath().toString());
        about.add(CorpusFiles.stamp(file));
      }
    }
    return Digest.of(about.toArray(String[]::new)).substring(0, 32);
  }
}
