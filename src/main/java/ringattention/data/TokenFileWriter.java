package ringattention.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.Arrays;

/** Writes a {@link TokenFile}, document by document. */
final class TokenFileWriter {
  /** The tokens cannot be kept, whatever is right about the corpus. */
  static final class UnwritableException extends IOException {
    private static final long serialVersionUID = 1;

    UnwritableException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
  private final MessageDigest digest = Digest.sha256(); // of all that was flushed
  private int[] lengths = new int[1024]; // of the documents so far
  private int documents;
  private int open; // tokens of the document that is being written
  private long tokens;

  /**
   * @param channel an empty file; remains open
   */
  TokenFileWriter(FileChannel channel) {
    this.channel = channel;
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

  /** Begins a document, with tokens that are not to be learned. */
  void begin(Tokenizer tokenizer) throws IOException {
    for (int token : tokenizer.begin()) {
      add(token, false);
    }
  }

  /** Ends a document, with a token that is to be learned. */
  void end(Tokenizer tokenizer) throws IOException {
    add(tokenizer.end(), true);
    endDocument();
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

  private void flush() throws UnwritableException {
    buffer.flip();
    digest.update(buffer.duplicate());
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException unwritable) {
      throw new UnwritableException(unwritable);
    }
    buffer.clear();
  }
}
