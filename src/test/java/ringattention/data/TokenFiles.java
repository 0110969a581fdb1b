package ringattention.data;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes files of tokens as other programs do. */
final class TokenFiles {
  private TokenFiles() {}

  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * @param width bytes of a token
   */
  static byte[] bytes(int width, long... tokens) {
    ByteBuffer bytes = buffer(tokens.length * width);
    for (long token : tokens) {
      for (int b = 0; b < width; b++) {
        bytes.put((byte) (token >> 8 * b));
      }
    }
    return bytes.array();
  }

  static Path flat(Path file, int width, long... tokens) throws IOException {
    return Files.write(file, bytes(width, tokens));
  }

  /** Writes llm.c's head and tokens. */
  static Path headed(Path file, int magic, int version, int told, byte... tokens)
      throws IOException {
    ByteBuffer all = buffer(1024 + tokens.length);
    all.putInt(magic).putInt(version).putInt(told).position(1024).put(tokens);
    return Files.write(file, all.array());
  }

  /**
   * Writes an index of Megatron's.
   *
   * @param lengths of sequences
   * @param documents their first sequences, and the number of all sequences
   */
  static byte[] index(int code, int width, int[] lengths, long... documents) {
    ByteBuffer all = buffer(34 + 12 * lengths.length + 8 * documents.length);
    all.put("MMIDIDX\0\0".getBytes(US_ASCII)).putLong(1).put((byte) code);
    all.putLong(lengths.length).putLong(documents.length);
    Arrays.stream(lengths).forEach(all::putInt);
    long at = 0;
    for (int length : lengths) {
      all.putLong(at);
      at += (long) length * width;
    }
    Arrays.stream(documents).forEach(all::putLong);
    return all.array();
  }
}
