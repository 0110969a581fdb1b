package ringattention.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import ringattention.input.Configuration;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * The bytes of files, joined by newlines; every byte is a token. Only sizes are held; bytes are
 * read when asked for, so a corpus may be larger than memory. Files must not change while it is in
 * use.
 */
final class TextCorpus implements TokenStream {
  private record Part(Path file, long start, long bytes) {
    long end() {
      return start + bytes;
    }
  }

  private final Source source;
  private final TreeMap<Long, Part> parts = new TreeMap<>(); // by start
  private final long bytes;
  private String digest; // null until it is asked for, since all has to be read

  /**
   * @param files none of them empty
   */
  TextCorpus(Configuration configuration, List<Path> files) {
    this.source = configuration.source();
    long end = 0;
    for (Path file : files) {
      long start = parts.isEmpty() ? 0 : end + 1; // one newline between files
      Part part = new Part(file, start, size(file));
      parts.put(start, part);
      end = part.end();
    }
    this.bytes = end;
  }

  private long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException unreadable) {
      throw unreadable(file, unreadable);
    }
  }

  @Override
  public long tokens() {
    return bytes;
  }

  @Override
  public long documents() {
    return parts.size();
  }

  @Override
  public boolean allPredicted() {
    return true;
  }

  @Override
  public String digest() {
    if (digest == null) {
      MessageDigest all = Digest.sha256();
      for (Part part : parts.values()) {
        digest(part, all);
      }
      digest = HexFormat.of().formatHex(all.digest());
    }
    return digest;
  }

  /** Adds a part's size and bytes. */
  private void digest(Part part, MessageDigest to) {
    ByteBuffer piece = ByteBuffer.allocate(1 << 20);
    to.update(piece.putLong(part.bytes()).flip());
    for (long at = 0; at < part.bytes(); at += piece.limit()) {
      piece.clear().limit((int) Math.min(piece.capacity(), part.bytes() - at));
      read(part, at, piece);
      to.update(piece.flip());
    }
  }

  @Override
  public int[] entries(long start, int count) {
    return ByteTokenizer.tokens(read(start, count));
  }

  @Override
  public void close() {} // files are open only while they are read

  /**
   * Bytes [start, start + count) of the text.
   *
   * @throws InputException if a file can no longer be read, or has shrunk
   */
  byte[] read(long start, int count) {
    if (start < 0 || count < 0 || start + count > bytes) {
      throw new IndexOutOfBoundsException(count + " bytes at " + start + " of " + bytes);
    }
    ByteBuffer text = ByteBuffer.allocate(count);
    Part part = parts.floorEntry(start).getValue();
    while (text.hasRemaining()) {
      long at = start + text.position();
      if (at == part.end()) {
        text.put((byte) '\n');
        part = parts.get(at + 1);
      } else {
        int piece = (int) Math.min(text.remaining(), part.end() - at);
        read(part, at - part.start(), text.slice(text.position(), piece));
        text.position(text.position() + piece);
      }
    }
    return text.array();
  }

  private void read(Part part, long offset, ByteBuffer piece) {
    try (FileChannel channel = FileChannel.open(part.file())) {
      while (piece.hasRemaining()) {
        if (channel.read(piece, offset + piece.position()) < 0) {
          throw source.error("data.path", part.file() + " has become shorter during the run");
        }
      }
    } catch (IOException unreadable) {
      throw unreadable(part.file(), unreadable);
    }
  }

  private InputException unreadable(Path file, IOException unreadable) {
    return source.error("data.path", file + " cannot be read: " + CorpusFiles.reason(unreadable));
  }
}
