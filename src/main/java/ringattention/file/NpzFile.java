package ringattention.file;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import ringattention.input.InputException;

/**
 * The arrays of one file as {@code numpy.savez} and {@code savez_compressed} write it, and {@code
 * numpy.load} reads it: a zip, of which each entry is an array. Opening it reads the heads of all
 * arrays, so that one of Python objects is refused wherever it is; numbers are read when asked for.
 * What the zip says of sizes is not believed: see {@link #read}. For one thread.
 */
public final class NpzFile implements AutoCloseable {
  private static final String ENDING = ".npy";
  private static final int MOST_ENTRIES = 1024;
  private static final long MOST_RATIO = 1032; // deflate never gives more bytes for one

  private final Path path;
  private final ZipFile zip;
  private final Map<String, ZipEntry> entries = new LinkedHashMap<>();
  private final Map<String, long[]> shapes = new HashMap<>();

  /**
   * Opens a file.
   *
   * @throws InputException naming the file, and the array, if it is no zip of arrays that are read
   *     here
   */
  public NpzFile(Path path) {
    this.path = path;
    if (!Files.isRegularFile(path)) {
      throw new InputException(path + ": " + (Files.exists(path) ? "is no file" : "missing"));
    }
    try {
      this.zip = new ZipFile(path.toFile());
    } catch (IOException | IllegalArgumentException e) {
      throw new InputException(path + ": cannot be read as .npz: " + e.getMessage());
    }
    try {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        add(entry);
      }
    } catch (RuntimeException bad) {
      close();
      throw bad;
    }
  }

  private void add(ZipEntry entry) {
    String name = entry.getName();
    if (!name.endsWith(ENDING)) {
      throw error(name, "is no array of NumPy (.npy)");
    }
    String key = name.substring(0, name.length() - ENDING.length());
    if (entries.size() == MOST_ENTRIES || entries.put(key, entry) != null) {
      throw error(name, entries.size() == MOST_ENTRIES ? "is one of too many" : "is there twice");
    }
    try (InputStream in = zip.getInputStream(entry)) {
      shapes.put(key, NpyHeader.read(in).shape());
    } catch (IOException bad) {
      throw error(name, bad.getMessage());
    }
  }

  /** Returns the names of the arrays, without {@code .npy}, in the order of the file. */
  public Set<String> keys() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  /** Returns the lengths that the head of an array tells, by which no number was read. */
  public long[] shape(String key) {
    return shapes.get(key).clone();
  }

  /**
   * Reads an array. Its size is known from type and shape, must be what the zip says and at most
   * the limit, and no more bytes than that are ever unpacked or allocated; then its checksum must
   * be right.
   *
   * @param limit most bytes of its numbers
   * @throws InputException naming file and array if it is not there, or anything of it is wrong
   */
  public NpyArray read(String key, long limit) {
    ZipEntry entry = entries.get(key);
    if (entry == null) {
      throw new InputException(path + ": has no array \"" + key + "\", but " + keys());
    }
    String name = entry.getName();
    CRC32 checksum = new CRC32();
    try (InputStream in =
        new CheckedInputStream(new BufferedInputStream(zip.getInputStream(entry)), checksum)) {
      NpyHeader header = NpyHeader.read(in);
      if (entry.getSize() > entry.getCompressedSize() * MOST_RATIO + MOST_RATIO) {
        throw new IOException(
            "says it has "
                + entry.getSize()
                + " bytes, which "
                + entry.getCompressedSize()
                + " packed ones cannot give");
      }
      NpyArray array = NpyReader.data(header, in, entry.getSize(), limit);
      if (checksum.getValue() != entry.getCrc()) {
        throw new IOException("is corrupted: its checksum is not what was written");
      }
      return array;
    } catch (IOException bad) {
      throw error(name, bad.getMessage());
    }
  }

  private InputException error(String entry, String reason) {
    return new InputException(path + ": " + entry + " " + reason);
  }

  @Override
  public void close() {
    try {
      zip.close();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible); // it was only read
    }
  }

  /**
   * Reads a file of one array, as {@code numpy.save} writes it.
   *
   * @param limit most bytes of its numbers
   * @throws InputException naming the file if anything of it is wrong
   */
  public static NpyArray npy(Path path, long limit) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path))) {
      return NpyReader.data(NpyHeader.read(in), in, Files.size(path), limit);
    } catch (NoSuchFileException missing) {
      throw new InputException(path + ": missing");
    } catch (IOException bad) {
      throw new InputException(path + ": " + bad.getMessage());
    }
  }
}
