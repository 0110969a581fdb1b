package ringattention.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import ringattention.input.InputException;
import ringattention.input.Source;

/**
 * A file that holds tokens. It is open only while it is read, since a corpus may have more files
 * than a process may have open.
 *
 * @param offset bytes before the first token
 * @param tokens in all
 */
record TokenPart(Path file, long offset, long tokens, TokenWidth width) {
  /**
   * Reads some tokens.
   *
   * @param from the first, counted from 0 in this file
   * @param into takes {@code count} tokens from its place {@code at} on
   * @param vocabulary all must be below it
   * @throws InputException naming the file, and the place of a token that is not
   */
  void read(long from, int count, int[] into, int at, int vocabulary, Source source) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(count, width.bytes()));
    try (FileChannel channel = FileChannel.open(file)) {
      long start = offset + from * width.bytes();
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, start + bytes.position()) < 0) {
          throw source.error("data.path", file + " has become shorter during the run");
        }
      }
    } catch (IOException unreadable) {
      throw source.error("data.path", file + " cannot be read: " + CorpusFiles.reason(unreadable));
    }
    bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      long token = width.get(bytes);
      if (token < 0 || token >= vocabulary) {
        throw outside(token, from + i, vocabulary, source);
      }
      into[at + i] = (int) token;
    }
  }

  private InputException outside(long token, long place, int vocabulary, Source source) {
    return source.error(
        "data.path",
        file
            + ": token "
            + token
            + " at place "
            + place
            + " (counted from 0, "
            + width
            + ") must be at least 0 and below model.vocabulary ("
            + vocabulary
            + ")");
  }
}
