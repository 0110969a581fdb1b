package ringattention.data;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;

/** The bytes of a file of a corpus, unpacked if its name ends with {@code .gz} or {@code .zst}. */
final class CorpusStream extends FilterInputStream {
  private static final String GZIP = ".gz";
  private static final String ZSTANDARD = ".zst";
  private static final String ZSTD = "zstd";
  private static final String TOO_SHORT = "Not enough input bytes"; // the library's only word
  private static final int BUFFER = 1 << 16;

  private final String packing; // empty: none

  private CorpusStream(InputStream bytes, String packing) {
    super(bytes);
    this.packing = packing;
  }

  /** Returns whether a file is unpacked when it is read. */
  static boolean isPacked(Path file) {
    return !plainName(file).equals(file.getFileName().toString());
  }

  /** Returns a file's name without the ending of what it is packed with. */
  static String plainName(Path file) {
    String name = file.getFileName().toString();
    for (String ending : new String[] {GZIP, ZSTANDARD}) {
      if (name.endsWith(ending)) {
        return name.substring(0, name.length() - ending.length());
      }
    }
    return name;
  }

  /**
   * Opens a file.
   *
   * @param read takes the numbers of bytes that are read, packed as they are
   * @throws IOException if it cannot be read, or what it holds is not packed as its name says
   */
  static InputStream open(Path file, LongConsumer read) throws IOException {
    InputStream counted = new Counted(Files.newInputStream(file), read);
    String name = file.getFileName().toString();
    try {
      InputStream buffered = new BufferedInputStream(counted, BUFFER);
      if (name.endsWith(GZIP)) {
        return new CorpusStream(new GZIPInputStream(buffered, BUFFER), "gzip");
      }
      if (name.endsWith(ZSTANDARD)) {
        return new CorpusStream(new ZstdInputStream(new ZstdFrames(buffered)), ZSTD);
      }
      return new CorpusStream(counted, "");
    } catch (EOFException tooShort) {
      counted.close();
      throw cutOff("gzip", tooShort);
    } catch (IOException | RuntimeException | Error failed) {
      counted.close();
      throw failed;
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int from, int count) throws IOException {
    try {
      return in.read(into, from, count);
    } catch (EOFException tooShort) {
      throw cutOff(packing, tooShort);
    } catch (IOException failed) {
      if (packing.equals(ZSTD) && TOO_SHORT.equals(failed.getMessage())) {
        throw cutOff(packing, failed);
      }
      throw failed;
    } catch (MalformedInputException malformed) {
      throw new IOException("its zstd data is malformed: " + malformed.getMessage(), malformed);
    }
  }

  private static IOException cutOff(String packing, IOException cause) {
    return new IOException("its " + packing + " data ends too early, the file is not whole", cause);
  }

  /** Tells how many bytes are read. */
  private static final class Counted extends FilterInputStream {
    private final LongConsumer read;

    Counted(InputStream bytes, LongConsumer read) {
      super(bytes);
      this.read = read;
    }

    @Override
    public int read() throws IOException {
      int one = in.read();
      read.accept(one < 0 ? 0 : 1);
      return one;
    }

    @Override
    public int read(byte[] into, int from, int count) throws IOException {
      int bytes = in.read(into, from, count);
      read.accept(Math.max(0, bytes));
      return bytes;
    }
  }
}
