package ringattention.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** Reads one array of NumPy. */
final class NpyReader {
  private NpyReader() {}

  /**
   * Reads the numbers behind a head. Nothing is allocated before the sizes are checked.
   *
   * @param stored bytes that the file says the array and its head have, or -1 if it does not say
   * @param limit most bytes of the numbers
   * @throws IOException with a reason if there are fewer or more bytes than the shape says, or more
   *     than the limit
   */
  static NpyArray data(NpyHeader header, InputStream in, long stored, long limit)
      throws IOException {
    long bytes = header.dataBytes();
    if (bytes > Math.min(limit, Integer.MAX_VALUE - 8)) {
      throw new IOException(
          "has "
              + (bytes == Long.MAX_VALUE ? "more than 2^63" : bytes)
              + " bytes of numbers, more than the "
              + limit
              + " that are read");
    }
    if (stored >= 0 && stored != bytes + header.headBytes()) {
      throw new IOException(
          "has "
              + stored
              + " bytes, not the "
              + (bytes + header.headBytes())
              + " that its type and shape need");
    }
    byte[] data = in.readNBytes((int) bytes); // grows with what is there
    if (data.length < bytes) {
      throw new EOFException("ends after " + data.length + " of " + bytes + " bytes of numbers");
    }
    if (in.read() >= 0) {
      throw new IOException("has more bytes than its type and shape need");
    }
    return new NpyArray(header.type(), header.intShape(), data);
  }
}
