package ringattention.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;

/** Writes a {@link TokenFile}, document by document. */
final class TokenFileWriter implements AutoCloseable {
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
  private final MessageDigest digest = Digest.sha256(); // of all that was flushed
  private int[] lengths = new int[1024]; // of the documents so far
  private int documents;
  private int open; // tokens of the document that is being written
  private long tokens;

  TokenFileWriter(Path file) throws IOException {
    this.channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING);
  }

  int documents() {
    return documents;
  }

  /**
   * One more token of the document.
   *
   * @param predicted whether it is to be learned
   */
  void add(int token, boolean predicted) throws IOException {
    if (open == Integer.MAX_VALUE) {
      throw new IOException("a document has 2^31 tokens");
    }
    write(predicted ? token : ~token);
    open++;
  }

  /** More tokens of the document, all to be learned. */
  void add(int[] more) throws IOException {
    for (int token : more) {
      add(token, true);
    }
  }

  void endDocument() throws IOException {
    if (documents == lengths.length) {
      lengths = Arrays.copyOf(lengths, 2 * documents);
    }
    lengths[documents++] = open;
    tokens += open;
    open = 0;
  }

  /** Makes it whole, and safe on the disk. */
  void finish() throws IOException {
    for (int i = 0; i < documents; i++) {
      write(lengths[i]);
    }
    flush();
    buffer.putLong(TokenFile.MAGIC).putLong(tokens).putLong(documents);
    flush();
    buffer.put(digest.digest());
    flush();
    channel.force(true);
  }

  private void write(int value) throws IOException {
    if (!buffer.hasRemaining()) {
      flush();
    }
    buffer.putInt(value);
  }

  private void flush() throws IOException {
    buffer.flip();
    digest.update(buffer.duplicate());
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
