package ringattention.data;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * A tokenized corpus in a file, so that it may be larger than memory: entries as of {@link
 * TokenStream} (4 bytes each), the length of every document (4 bytes each), {@link CorpusCounts} in
 * JSON, then {@link #MAGIC}, the numbers of tokens, of documents and of bytes of that JSON (8 bytes
 * each), and a SHA-256 (32 bytes): of tokens, lengths, {@link #DIGESTED} and the first two numbers.
 * The lengths are held in memory.
 */
final class TokenFile implements TokenDocuments {
  static final long MAGIC = 0x72696E67746F6B33L; // ringtok3
  static final long DIGESTED = 0x72696E67746F6B32L; // ringtok2: checkpoints know corpora by it
  private static final int DIGEST = 32;
  private static final int MOST_TOLD = 1 << 24; // bytes
  static final int FOOTER = 4 * Long.BYTES + DIGEST;

  private final Path file;
  private final FileChannel channel;
  private final Source source;
  private final int vocabulary;
  private final long tokens;
  private final int[] lengths;
  private final String digest;
  private final CorpusCounts counts;

  private TokenFile(
      Path file,
      FileChannel channel,
      Source source,
      int vocabulary,
      long tokens,
      int[] lengths,
      String digest,
      CorpusCounts counts) {
    this.vocabulary = vocabulary;
    this.file = file;
    this.channel = channel;
    this.source = source;
    this.tokens = tokens;
    this.lengths = lengths;
    this.digest = digest;
    this.counts = counts;
  }

  /**
   * Opens a file that {@link TokenFileWriter} made. It may be deleted then.
   *
   * @param source for errors, which name {@code data.cache}
   * @param vocabulary all tokens are below it
   * @throws InputException if it is not whole
   */
  static TokenFile open(Path file, Source source, int vocabulary) {
    try {
      return of(file, FileChannel.open(file, StandardOpenOption.READ), source, vocabulary);
    } catch (IOException unreadable) {
      throw unreadable(file, source, unreadable);
    }
  }

  /** Reads like {@link #open} from a file that is open; closes it if it is not whole. */
  static TokenFile of(Path file, FileChannel channel, Source source, int vocabulary) {
    try {
      long told = channel.size() - FOOTER;
      ByteBuffer footer = told < 0 ? null : read(channel, told, FOOTER);
      long tokens = footer == null || footer.getLong() != MAGIC ? -1 : footer.getLong();
      long documents = tokens < 0 ? -1 : footer.getLong();
      long bytes = tokens < 0 ? -1 : footer.getLong();
      long end = told - Math.max(0, bytes);
      long entries = end / Integer.BYTES; // before anything is allocated for a claimed number
      if (tokens < 0
          || bytes < 0
          || bytes > MOST_TOLD
          || end < 0
          || tokens > entries
          || end % Integer.BYTES != 0
          || documents != entries - tokens) {
        channel.close();
        throw source.error("data.cache", file + " is not whole: delete it");
      }
      int[] lengths = new int[Math.toIntExact(documents)];
      for (int i = 0; i < lengths.length; ) {
        int count = Math.min(lengths.length - i, 1 << 20);
        long at = (tokens + i) * Integer.BYTES;
        read(channel, at, count * Integer.BYTES).asIntBuffer().get(lengths, i, count);
        i += count;
      }
      if (Arrays.stream(lengths).anyMatch(length -> length < 1)
          || Arrays.stream(lengths).asLongStream().sum() != tokens) {
        channel.close();
        throw corrupted(file, source);
      }
      byte[] digest = new byte[DIGEST];
      footer.get(digest);
      CorpusCounts counts;
      try {
        counts = CorpusCounts.of(read(channel, end, (int) bytes).array());
      } catch (JacksonException changed) {
        channel.close();
        throw corrupted(file, source);
      }
      return new TokenFile(
          file,
          channel,
          source,
          vocabulary,
          tokens,
          lengths,
          HexFormat.of().formatHex(digest),
          counts);
    } catch (IOException unreadable) {
      throw unreadable(file, source, unreadable);
    }
  }

  private static ByteBuffer read(FileChannel channel, long at, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw new IOException("it has become shorter");
      }
    }
    return buffer.flip();
  }

  private static InputException corrupted(Path file, Source source) {
    return source.error("data.cache", file + " is corrupted: delete it");
  }

  private static InputException unreadable(Path file, Source source, IOException unreadable) {
    return source.error("data.cache", file + " cannot be read: " + CorpusFiles.reason(unreadable));
  }

  @Override
  public int[] lengths() {
    return lengths;
  }

  @Override
  public long tokens() {
    return tokens;
  }

  @Override
  public long documents() {
    return lengths.length;
  }

  @Override
  public boolean allPredicted() {
    return false;
  }

  @Override
  public String digest() {
    return digest;
  }

  @Override
  public CorpusCounts counts() {
    return counts;
  }

  @Override
  public int[] entries(long start, int count) {
    if (start < 0 || count < 0 || start + count > tokens) {
      throw new IndexOutOfBoundsException(count + " tokens at " + start + " of " + tokens);
    }
    try {
      int[] entries = new int[count];
      long at = start * Integer.BYTES;
      read(channel, at, Math.multiplyExact(count, Integer.BYTES)).asIntBuffer().get(entries);
      if (Arrays.stream(entries).anyMatch(entry -> TokenStream.token(entry) >= vocabulary)) {
        throw corrupted(file, source); // kernels look up what they are given
      }
      return entries;
    } catch (IOException unreadable) {
      throw unreadable(file, source, unreadable);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException unreadable) {
      throw unreadable(file, source, unreadable);
    }
  }
}
