package ringattention.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Numbers of a file one after the other, the lowest byte of each first, read in pieces. */
final class LittleEndianFile implements AutoCloseable {
  private final FileChannel channel;
  private final long size;
  private final ByteBuffer piece = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
  private long next; // byte of the file behind the piece

  LittleEndianFile(Path file) throws IOException {
    this(file, 0);
  }

  /**
   * @param start byte of the first number
   */
  LittleEndianFile(Path file, long start) throws IOException {
    this.channel = FileChannel.open(file);
    this.size = channel.size();
    this.next = start;
    piece.limit(0);
  }

  /** Bytes of the whole file. */
  long size() {
    return size;
  }

  byte nextByte() throws IOException {
    return with(Byte.BYTES).get();
  }

  int nextInt() throws IOException {
    return with(Integer.BYTES).getInt();
  }

  long nextLong() throws IOException {
    return with(Long.BYTES).getLong();
  }

  private ByteBuffer with(int bytes) throws IOException {
    if (piece.remaining() < bytes) {
      piece.compact();
      while (piece.position() < bytes) {
        int read = channel.read(piece, next);
        if (read < 0) {
          throw new IOException("it ends too early");
        }
        next += read;
      }
      piece.flip();
    }
    return piece;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
