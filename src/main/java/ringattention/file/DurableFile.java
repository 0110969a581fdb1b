package ringattention.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** A new file that is on disk, with its checksum, once {@link #finish} has returned. */
public final class DurableFile implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;
  private final CRC32C checksum = new CRC32C();
  private long bytes;

  public DurableFile(Path path) throws IOException {
    this.path = path;
    this.channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
  }

  /** Writes a small text. */
  public static FileEntry write(Path path, String text) throws IOException {
    try (DurableFile file = new DurableFile(path)) {
      file.append(ByteBuffer.wrap(text.getBytes(UTF_8)));
      return file.finish();
    }
  }

  /** Makes the names in a folder durable, too. */
  public static void syncFolder(Path folder) throws IOException {
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    }
  }

  /** Deletes a folder and all it holds, if it is there. */
  public static void deleteFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  public void append(ByteBuffer part) throws IOException {
    checksum.update(part.duplicate());
    bytes += part.remaining();
    while (part.hasRemaining()) {
      channel.write(part);
    }
  }

  public FileEntry finish() throws IOException {
    channel.force(true);
    return new FileEntry(path.getFileName().toString(), bytes, FileEntry.hex(checksum));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
