package ringattention.input;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads a file that is small, whatever it is: weights named by mistake, or a device without end,
 * are refused before they fill the memory.
 */
public final class BoundedFile {
  private static final int UNIT = 1 << 20;

  private BoundedFile() {}

  /** The file holds more than it may; the message goes behind the file's name. */
  public static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1;

    TooLargeException(int mebibytes) {
      super("must be at most " + mebibytes + " MiB");
    }
  }

  /**
   * All bytes of a file.
   *
   * @param mebibytes it may have at most
   * @throws TooLargeException if it has more
   */
  public static byte[] bytes(Path file, int mebibytes) throws IOException {
    int most = mebibytes * UNIT;
    try (InputStream stream = Files.newInputStream(file)) {
      if (Files.isRegularFile(file) && Files.size(file) > most) {
        throw new TooLargeException(mebibytes);
      }
      byte[] bytes = stream.readNBytes(most + 1); // sizes of pipes and devices are not known before
      if (bytes.length > most) {
        throw new TooLargeException(mebibytes);
      }
      return bytes;
    }
  }

  /**
   * Reads like {@link #bytes}, text in UTF-8.
   *
   * @throws CharacterCodingException if it is none
   */
  public static String text(Path file, int mebibytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(bytes(file, mebibytes));
    return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
  }
}
