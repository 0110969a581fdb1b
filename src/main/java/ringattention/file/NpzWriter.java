package ringattention.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes arrays as {@code numpy.savez_compressed} does, for {@code numpy.load} to read. */
public final class NpzWriter {
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0); // as NumPy

  private NpzWriter() {}

  /**
   * Writes a file, which has its name once it is whole: one that was there before stays until then.
   * The same arrays give the same bytes.
   *
   * @param arrays by key, in this order
   * @throws IOException if it cannot be written; then there is nothing left of it
   */
  public static void write(Path file, Map<String, NpyArray> arrays) throws IOException {
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    try {
      try (ZipOutputStream zip =
          new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(partial)))) {
        for (Map.Entry<String, NpyArray> array : arrays.entrySet()) {
          ZipEntry entry = new ZipEntry(array.getKey() + ".npy");
          entry.setTimeLocal(NO_TIME);
          zip.putNextEntry(entry);
          zip.write(NpyHeader.of(array.getValue()));
          ByteBuffer bytes = array.getValue().bytes();
          zip.write(bytes.array(), bytes.arrayOffset(), bytes.remaining());
          zip.closeEntry();
        }
      }
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }
}
