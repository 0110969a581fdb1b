package ringattention.huggingface;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Names files of weights by their contents, in a second, however large they are: of a file larger
 * than {@link #WHOLE} bytes only its header, its size and a few blocks of every tensor are read.
 */
public final class WeightsDigest {
  static final long WHOLE = 64L << 20; // bytes
  private static final int BLOCKS =
      4; // of a tensor, the first and the last of its bytes among them
  private static final int BLOCK = 16 << 10; // bytes

  private final MessageDigest digest;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 20);

  WeightsDigest() {
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every JVM has it
    }
  }

  /** Adds a text that the contents depend on. */
  void add(String text) {
    add(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a small file. */
  void add(byte[] contents) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(contents.length).flip());
    digest.update(contents);
  }

  /** Adds all bytes from one place of a file to before another. */
  void add(FileChannel file, long from, long to) throws IOException {
    for (long at = from; at < to; ) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), to - at));
      int count = file.read(buffer, at);
      if (count < 0) {
        throw new IOException("ends at byte " + at);
      }
      digest.update(buffer.flip());
      at += count;
    }
  }

  /** Adds some bytes from one place to before another, at the same distance from each other. */
  void sample(FileChannel file, long from, long to) throws IOException {
    if (to - from <= (long) BLOCKS * BLOCK) {
      add(file, from, to);
      return;
    }
    for (int block = 0; block < BLOCKS; block++) {
      long at = from + (to - from - BLOCK) * block / (BLOCKS - 1);
      add(file, at, at + BLOCK);
    }
  }

  /** Returns 64 hexadecimal digits. */
  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
