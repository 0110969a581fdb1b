package ringattention.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import ringattention.config.Configuration;
import ringattention.config.DataConfig;
import ringattention.config.InputException;
import ringattention.config.Source;

/**
 * The bytes of one file, or of all files under a folder in the order of their paths, joined by
 * newlines. Only sizes are held; bytes are read when asked for, so a corpus may be larger than
 * memory. Files must not change while it is in use.
 */
public final class TextCorpus {
  private record Part(Path file, long start, long bytes) {
    long end() {
      return start + bytes;
    }
  }

  private final Source source;
  private final TreeMap<Long, Part> parts = new TreeMap<>(); // by start
  private final long bytes;

  /**
   * @throws InputException naming {@code data.path} if it is missing, unreadable, or without any
   *     text
   */
  public TextCorpus(Configuration configuration) {
    this.source = configuration.source();
    long end = 0;
    for (Path file : files(configuration.data())) {
      long size = size(file);
      if (size > 0) {
        long start = parts.isEmpty() ? 0 : end + 1; // one newline between files
        parts.put(start, new Part(file, start, size));
        end = start + size;
      }
    }
    if (end == 0) {
      throw source.error("data.path", "must hold text, found " + emptiness(configuration.data()));
    }
    this.bytes = end;
  }

  private static String emptiness(DataConfig data) {
    boolean filtered = !data.extensions().isEmpty() && Files.isDirectory(data.path());
    return "0 bytes"
        + (filtered ? " in files ending in ." + String.join(", .", data.extensions()) : "");
  }

  private List<Path> files(DataConfig data) {
    if (!Files.exists(data.path())) {
      throw source.error("data.path", "no such file or folder");
    }
    if (!Files.isDirectory(data.path())) {
      return List.of(data.path());
    }
    try (Stream<Path> tree = Files.walk(data.path(), FileVisitOption.FOLLOW_LINKS)) {
      return tree.filter(Files::isRegularFile)
          .filter(file -> wanted(file, data.extensions()))
          .sorted(Comparator.comparing(Path::toString)) // the same on every file system and locale
          .toList();
    } catch (IOException | UncheckedIOException unreadable) {
      throw source.error("data.path", "folder cannot be read: " + reason(unreadable));
    }
  }

  private static boolean wanted(Path file, List<String> extensions) {
    String name = file.getFileName().toString();
    return extensions.isEmpty() || extensions.stream().anyMatch(end -> name.endsWith("." + end));
  }

  private long size(Path file) {
    try {
      if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
        throw source.error("data.path", file + " is not a readable file");
      }
      return Files.size(file);
    } catch (IOException unreadable) {
      throw source.error("data.path", file + " cannot be read: " + reason(unreadable));
    }
  }

  /** Size of the whole text. */
  public long bytes() {
    return bytes;
  }

  /**
   * Bytes [start, start + count) of the text.
   *
   * @throws InputException if a file can no longer be read, or has shrunk
   */
  public byte[] read(long start, int count) {
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
      throw source.error("data.path", part.file() + " cannot be read: " + reason(unreadable));
    }
  }

  private static String reason(Exception unreadable) {
    return String.valueOf(unreadable.getMessage()).lines().findFirst().orElse("unknown reason");
  }
}
