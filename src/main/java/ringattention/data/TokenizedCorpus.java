package ringattention.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import ringattention.config.Configuration;
import ringattention.config.DataConfig;
import ringattention.config.InputException;
import ringattention.config.Source;

/**
 * Makes the tokens of a corpus, once for each process in a temporary file that is deleted while it
 * is open; or, with {@code data.cache}, once for all processes that share the folder, now and
 * later.
 */
final class TokenizedCorpus {
  private static final String LAYOUT = "2"; // a new number for a new way to write documents

  private final DataConfig data;
  private final Source source;
  private final Tokenizer tokenizer;
  private final DocumentReader reader;

  TokenizedCorpus(Configuration configuration, Tokenizer tokenizer) {
    this.data = configuration.data();
    this.source = configuration.source();
    this.tokenizer = tokenizer;
    this.reader =
        switch (data.format()) {
          case TEXT -> new TextDocuments(tokenizer, source);
          case JSON_LINES -> new TextRecords(tokenizer, source, data.field());
          case CONVERSATIONS -> new Conversations(tokenizer, source, data.field());
        };
  }

  /**
   * The tokens of these files.
   *
   * @throws InputException if a file is malformed, or holds no document
   */
  TokenFile open(List<Path> files) {
    try {
      return data.cache().equals(DataConfig.NO_CACHE) ? temporary(files) : cached(files);
    } catch (IOException problem) {
      throw source.error(
          "data.cache", "tokens cannot be kept in a file: " + CorpusFiles.reason(problem));
    }
  }

  private TokenFile temporary(List<Path> files) throws IOException {
    Path file = Files.createTempFile("ringattention-", ".tokens");
    try {
      write(files, file);
      return TokenFile.open(file, source, tokenizer.vocabulary());
    } finally {
      Files.delete(file);
    }
  }

  /** Whoever locks first writes; the lock of a process that dies is free. */
  private TokenFile cached(List<Path> files) throws IOException {
    Path folder = Files.createDirectories(Path.of(data.cache()));
    String name = fingerprint(files);
    Path whole = folder.resolve(name + ".tokens");
    if (Files.exists(whole)) {
      return TokenFile.open(whole, source, tokenizer.vocabulary());
    }
    try (FileChannel lock =
            FileChannel.open(
                folder.resolve(name + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = lock.lock()) {
      if (!Files.exists(whole)) {
        Path part = folder.resolve(name + ".part");
        write(files, part);
        Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
      }
      return TokenFile.open(whole, source, tokenizer.vocabulary());
    }
  }

  /** Of all that the tokens depend on. Contents of files are taken to change with size or time. */
  private String fingerprint(List<Path> files) throws IOException {
    List<String> parts = new ArrayList<>();
    parts.addAll(List.of(LAYOUT, tokenizer.fingerprint(), data.format().toString(), data.field()));
    for (Path file : files) {
      parts.add(file.toAbsolutePath().toString());
      parts.add(Files.size(file) + " bytes at " + Files.getLastModifiedTime(file).toMillis());
    }
    return Digest.of(parts.toArray(String[]::new)).substring(0, 32);
  }

  private void write(List<Path> files, Path to) throws IOException {
    try (TokenFileWriter writer = new TokenFileWriter(to)) {
      for (Path file : files) {
        int before = writer.documents();
        reader.read(file, writer);
        if (writer.documents() == before) {
          throw source.error("data.path", file + " holds no document");
        }
      }
      writer.finish();
    }
  }
}
