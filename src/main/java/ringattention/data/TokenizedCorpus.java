package ringattention.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringattention.data.fasta.FastaConfig;
import ringattention.data.fasta.SoftMask;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * Makes the tokens of a corpus, once for each process in a temporary file that is deleted while it
 * is open; or, with {@code data.cache}, once for all processes that share the folder, now and
 * later.
 */
final class TokenizedCorpus {
  private static final String LAYOUT = "5"; // a new number for a new way to write documents

  private static final String TEMPORARY = " (the environment's TMPDIR may name another folder)";

  private final DataConfig data;
  private final Source source;
  private final Tokenizer tokenizer;
  private final ChatFormat format; // null but for conversations
  private final SoftMask softMask; // of bases
  private final DocumentReader reader;
  private final int threads;

  TokenizedCorpus(Configuration configuration, Tokenizer tokenizer) {
    this(configuration, tokenizer, OrderedWork.threads());
  }

  /**
   * @param threads that encode documents, which gives the same tokens for any number
   */
  TokenizedCorpus(Configuration configuration, Tokenizer tokenizer, int threads) {
    this.threads = threads;
    this.data = configuration.get(DataConfig.SECTION);
    this.source = configuration.source();
    this.tokenizer = tokenizer;
    this.softMask = configuration.get(FastaConfig.SECTION).softMask();
    Encoder encoder = new Encoder(tokenizer);
    this.format =
        data.format() == DataFormat.CONVERSATIONS
            ? new ChatFormats("data.template", source)
                .of(data.template(), data.tokenizerPath(), tokenizer)
            : null;
    this.reader =
        switch (data.format()) {
          case TEXT ->
              data.tokenizer().equals(DataConfig.BYTES)
                  ? new ByteDocuments(tokenizer.end())
                  : new TextDocuments(encoder, source);
          case JSON_LINES -> new TextRecords(encoder, source, data.field());
          case CONVERSATIONS ->
              new Conversations(
                  encoder,
                  source,
                  Optional.of(data.field()).filter(field -> !field.equals(DataConfig.AUTO)),
                  format);
          case FASTA -> new FastaRecords(source, softMask == SoftMask.LEARNED);
          case LINES -> throw new IllegalArgumentException("lines are no files");
          case TOKENS, MEGATRON -> throw new IllegalArgumentException("tokens are there already");
          case TRAJECTORIES -> throw new IllegalArgumentException("steps are no tokens");
        };
  }

  /**
   * The tokens of these files.
   *
   * @throws InputException if a file is malformed, or holds no document
   */
  TokenFile open(List<Path> files) {
    return open(files, HostTokens.own());
  }

  /**
   * The same, unless another process of the host has made them already.
   *
   * @param host where they are, or takes where they are
   */
  TokenFile open(List<Path> files, HostTokens host) {
    return data.cache().equals(DataConfig.NO_CACHE)
        ? host.open(source, tokenizer.vocabulary()).orElseGet(() -> temporary(files, host))
        : cached(files, host);
  }

  /** The file has no name before it has content: whatever ends the process, nothing is left. */
  private TokenFile temporary(List<Path> files, HostTokens host) {
    Path folder = Path.of("the folder for temporary files"); // Java tells its name with a file's
    try {
      Path file = Files.createTempFile("ringattention-", ".tokens");
      folder = file.getParent();
      FileChannel channel;
      String descriptor;
      try {
        channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        descriptor = HostTokens.descriptor(file);
      } finally {
        Files.delete(file);
      }
      TokenFile filled = filled(files, file, channel, host);
      host.made(descriptor, filled);
      return filled;
    } catch (FileSystemException unusable) {
      throw unkept(Path.of(unusable.getFile()).getParent(), TEMPORARY, unusable);
    } catch (IOException problem) {
      throw unkept(folder, TEMPORARY, problem);
    }
  }

  private TokenFile filled(List<Path> files, Path file, FileChannel channel, HostTokens host)
      throws IOException {
    try {
      write(files, channel, host);
      return TokenFile.of(file, channel, source, tokenizer.vocabulary());
    } catch (IOException | RuntimeException failed) {
      channel.close(); // and the disk has its room again
      throw failed;
    }
  }

  private InputException unkept(Path folder, String advice, IOException problem) {
    String reason =
        Files.isDirectory(folder) ? CorpusFiles.reason(problem) : "it is no folder that exists";
    return source.error(
        "data.cache", "tokens cannot be kept in a file in " + folder + advice + ": " + reason);
  }

  private TokenFile cached(List<Path> files, HostTokens host) {
    Path folder = Path.of(data.cache());
    try {
      Path file = new TokenCache(folder).file(fingerprint(files), to -> write(files, to, host));
      return TokenFile.open(file, source, tokenizer.vocabulary());
    } catch (IOException problem) {
      throw unkept(folder, "", problem);
    }
  }

  /**
   * Returns a name for all that the tokens depend on. Contents of files are taken to change with
   * size or time.
   */
  private String fingerprint(List<Path> files) throws IOException {
    List<String> parts = new ArrayList<>();
    parts.addAll(List.of(LAYOUT, tokenizer.fingerprint(), data.format().toString(), data.field()));
    parts.add("skipBad " + data.skipBad());
    if (format != null) {
      parts.add(format.fingerprint());
    }
    if (data.format() == DataFormat.FASTA) {
      parts.add("softMask " + softMask);
    }
    for (Path file : files) {
      parts.add(file.toAbsolutePath().toString());
      parts.add(CorpusFiles.stamp(file));
    }
    return Digest.of(parts.toArray(String[]::new)).substring(0, 32);
  }

  private void write(List<Path> files, FileChannel to, HostTokens host) throws IOException {
    long bytes = 0;
    for (Path file : files) {
      bytes += file.toFile().length(); // 0 of one that is gone: reading it says so, in its turn
    }
    TokenizingProgress progress = new TokenizingProgress(bytes, System::nanoTime, host.progress());
    TokenFileWriter writer = new TokenFileWriter(to);
    RecordCounter records = new RecordCounter(data.skipBad());
    try (OrderedWork work = new OrderedWork(threads)) {
      CorpusOutput output = new CorpusOutput(writer, records, work, progress);
      for (Path file : files) {
        output.read(file, reader, source);
      }
      work.finish();
    }
    writer.finish(records.counts());
    progress.finish(writer.tokens());
  }
}
